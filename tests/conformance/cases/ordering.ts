import { burst, groupOf, roomOf, say, wholeLog } from '../lib/acts.ts'
import { equal, list, num, ok } from '../lib/asserts.ts'
import { done } from '../lib/codes.ts'
import { clientId } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'
import type { Link } from '../lib/socket.ts'

const ORDER =
  'entries of one room arrive in `seq` order and at most once on one connection, to the sender too'
const GAP = 'a gap is possible only after loss and is repaired by `log`'
const SENDERS = 4
const EACH = 20
const EMOJI = ['👍', '👀', '🎉', '🦜', '🌱', '🍋', '🚲', '🎈', '🧭', '🪁']

function seqsOf(link: Link, room: string): number[] {
  return link
    .pushes('entry')
    .filter((frame) => frame.room === room)
    .map((frame) => num(frame.seq))
}

/** Ascending and without a repetition; and, since nothing was lost on a healthy connection, without a gap. */
function inOrder(seqs: readonly number[], what: string): void {
  seqs.forEach((seq, index) => {
    const before = seqs[index - 1]
    if (before !== undefined) ok(seq === before + 1, `${what}: seq ${seq} came after ${before}`)
  })
}

export const ordering: Topic = {
  topic: 'Order',
  cases: [
    promise('concurrent senders: everyone sees every entry once, in one order', ORDER, async (t) => {
      const people = await t.persons(SENDERS)
      const [ann, ...others] = people
      const { id } = await groupOf(t.as(ann), t.name('Busy'), others)
      const links = await Promise.all(people.map((one) => t.connect(one)))
      const before = (await roomOf(t.as(ann), id)).head_seq
      const made = (await Promise.all(links.map((link, n) => burst(link, id, EACH, `from ${n}`)))).flat()
      const expected = Array.from({ length: SENDERS * EACH }, (_, n) => before + 1 + n)
      equal(
        [...made].sort((a, b) => a - b),
        expected,
        'the seqs of all answers',
      )
      const last = expected.at(-1)
      for (const [n, link] of links.entries()) {
        await link.push('entry', 'the last entry', (frame) => frame.room === id && frame.seq === last)
        const seen = seqsOf(link, id).filter((seq) => seq > before)
        inOrder(seen, `socket ${n}`)
        equal(seen, expected, `entries seen by socket ${n}`)
      }
      shape.dense(await wholeLog(t.as(ann), id), 1)
    }),
    promise('REST and socket, messages, edits and reactions share one order', ORDER, async (t) => {
      const [ann, bob] = await t.persons(2)
      const { id } = await groupOf(t.as(ann), t.name('Mixed'), [bob])
      const [a, b] = await Promise.all([t.connect(ann), t.connect(bob)])
      const { seq: target } = await say(t.as(ann), id, 'target')
      const work = Array.from({ length: 10 }, (_, n) => [
        a.ok('send', { room: id, client_id: clientId(), body: `a${n}` }),
        say(t.as(bob), id, `b${n}`),
        a.ok('edit', { room: id, target, body: `edit ${n}` }),
        b.ok('react', { room: id, target, emoji: EMOJI[n] }),
      ])
      await Promise.all(work.flat())
      const { head_seq } = await roomOf(t.as(ann), id)
      for (const link of [a, b]) {
        await link.push('entry', 'the last entry', (frame) => frame.room === id && frame.seq === head_seq)
        inOrder(seqsOf(link, id), 'a socket')
      }
      const log = await wholeLog(t.as(bob), id)
      shape.dense(log, 1)
      equal(log.length, head_seq, 'entries of the log')
    }),
    promise(
      'repeated requests under load store and push nothing twice',
      'a request may be repeated',
      async (t) => {
        const [ann, bob] = await t.persons(2)
        const { id } = await groupOf(t.as(ann), t.name('Repeats'), [bob])
        const [one, two, watcher] = await Promise.all([t.connect(ann), t.connect(ann), t.connect(bob)])
        const before = (await roomOf(t.as(ann), id)).head_seq
        const ids = Array.from({ length: 12 }, clientId)
        const sends = [one, two, one].flatMap((link) =>
          ids.map((key) => link.ok('send', { room: id, client_id: key, body: key })),
        )
        const byKey = new Map<string, Set<unknown>>()
        const answers = await Promise.all(sends)
        answers.forEach((answer, n) => {
          const key = ids[n % ids.length] ?? ''
          byKey.set(key, (byKey.get(key) ?? new Set()).add(answer.seq))
        })
        for (const [key, seqs] of byKey) equal(seqs.size, 1, `different seqs for ${key}`)
        equal((await roomOf(t.as(ann), id)).head_seq, before + ids.length, 'head_seq')
        await watcher.push(
          'entry',
          'the last entry',
          (frame) => frame.room === id && frame.seq === before + ids.length,
        )
        await watcher.settle()
        equal(
          seqsOf(watcher, id),
          Array.from(ids, (_, n) => before + 1 + n),
          'entries pushed',
        )
      },
    ),
    promise('what a socket missed before it connected is repaired by log without a gap', GAP, async (t) => {
      const [ann, bob] = await t.persons(2)
      const { id } = await groupOf(t.as(ann), t.name('Late'), [bob])
      const sender = await t.connect(ann)
      const sending = burst(sender, id, 30)
      const late = await t.connect(bob)
      const seqs = await sending
      const last = Math.max(...seqs)
      const listed = list(late.ready, 'rooms')
        .map(shape.room)
        .find((one) => one.id === id)
      ok(listed !== undefined, 'the room is not in ready')
      const answer = await late.ok('log', { rooms: [{ room: id, after: 0 }], limit: 200 })
      const fetched = list(answer, 'rooms.0.entries').map((one) => shape.entry(one).seq)
      if (listed.head_seq < last)
        await late.push('entry', 'the last entry', (frame) => frame.room === id && frame.seq === last)
      const pushed = seqsOf(late, id)
      inOrder(pushed, 'the late socket')
      ok(
        pushed[0] === undefined || pushed[0] <= listed.head_seq + 1,
        `a gap between ready (${listed.head_seq}) and the first push (${pushed[0]})`,
      )
      const known = new Set([...fetched, ...pushed])
      equal(
        Array.from({ length: last }, (_, n) => n + 1).filter((seq) => !known.has(seq)),
        [],
        'entries neither fetched nor pushed',
      )
    }),
    promise('the answer of a failed send leaves no hole in the log', ORDER, async (t) => {
      const [ann, bob] = await t.persons(2)
      const { id } = await groupOf(t.as(ann), t.name('Holes'), [bob])
      const [a, b] = await Promise.all([t.connect(ann), t.connect(bob)])
      done(await t.as(ann).patch(`/rooms/${id}/members/${bob.id}`, { role: 'reader' }), 200)
      const mixed = Array.from({ length: 10 }, (_, n) => [
        a.ok('send', { room: id, client_id: clientId(), body: `good ${n}` }),
        b.refused('send', { room: id, client_id: clientId(), body: `bad ${n}` }, 'forbidden'),
      ])
      await Promise.all(mixed.flat())
      const log = await wholeLog(t.as(bob), id)
      shape.dense(log, 1)
      equal(log.filter((one) => one.kind === 'message').length, 10, 'messages stored')
    }),
  ],
}
