import { burst, groupOf, join, pair, publicRoom, roomOf, say } from '../lib/acts.ts'
import { at, bool, equal, list, num, ok } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import type { Actor, Context } from '../lib/context.ts'
import type { Person } from '../lib/people.ts'
import { clientId, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const PAGE =
  '`GET /rooms/{id}/messages`: one of `before=`, `after=`, `around=` (a seq), `limit=` → `{messages, more}` in ascending order, newest page without any'
const LOG =
  '`GET /rooms/{id}/log?after=&limit=` → `{entries, head_seq, first_seq, more}`, in order, without a gap from `max(after+1, first_seq)`'
const SEARCH = '`GET /search?query=&room?=&from?=` → `{messages, next?}` that I may read'
const CAP = '| unread count | counts up to 100; 100 means "100 or more" |'

async function page(actor: Actor, room: string, query: string): Promise<{ seqs: number[]; more: boolean }> {
  const { body } = done(await actor.get(`/rooms/${room}/messages?${query}`), 200)
  return { seqs: list(body, 'messages').map((one) => shape.message(one).seq), more: bool(body, 'more') }
}

interface LogPage {
  readonly entries: shape.Entry[]
  readonly head: number
  readonly first: number
  readonly more: boolean
}

async function logPage(actor: Actor, room: string, query: string): Promise<LogPage> {
  const { body } = done(await actor.get(`/rooms/${room}/log?${query}`), 200)
  return {
    entries: list(body, 'entries').map(shape.entry),
    head: num(body, 'head_seq'),
    first: num(body, 'first_seq'),
    more: bool(body, 'more'),
  }
}

async function found(actor: Actor, query: string): Promise<number[]> {
  const { body } = done(await actor.get(`/search?${query}`), 200)
  return list(body, 'messages').map((one) => shape.message(one).seq)
}

/** A room of two with `count` messages of the first. */
async function longRoom(
  t: Context,
  count: number,
): Promise<{ ann: Person; bob: Person; room: string; seqs: number[] }> {
  const made = await pair(t)
  const seqs = (await burst(await t.connect(made.ann), made.room, count)).sort((a, b) => a - b)
  return { ...made, seqs }
}

export const history: Topic = {
  topic: 'History, log and search',
  cases: [
    promise('the newest page comes without any cursor, ascending, 50 by default', PAGE, async (t) => {
      const { bob, room, seqs } = await longRoom(t, 60)
      const newest = await page(t.as(bob), room, '')
      equal([newest.seqs, newest.more], [seqs.slice(-50), true], 'the newest page')
      equal(await page(t.as(bob), room, 'limit=200'), { seqs, more: false }, 'everything in one page')
      equal(
        (await logPage(t.as(bob), room, 'after=0')).entries.length,
        50,
        'entries of the log without a limit',
      )
    }),
    promise('before, after and around page without gaps', PAGE, async (t) => {
      const { bob, room, seqs } = await longRoom(t, 25)
      const actor = t.as(bob)
      const seen: number[] = []
      let before = (seqs.at(-1) ?? 0) + 1
      for (let more = true; more; ) {
        const one = await page(actor, room, `before=${before}&limit=10`)
        seen.unshift(...one.seqs)
        before = one.seqs[0] ?? 0
        more = one.more
      }
      equal(seen, seqs, 'all pages backwards')
      const tenth = seqs[9] ?? 0
      equal(
        await page(actor, room, `after=${tenth}&limit=10`),
        { seqs: seqs.slice(10, 20), more: true },
        'the page after the tenth',
      )
      equal(
        await page(actor, room, `after=${seqs[19]}&limit=10`),
        { seqs: seqs.slice(20), more: false },
        'the last page',
      )
      const around = await page(actor, room, `around=${tenth}&limit=7`)
      const start = seqs.indexOf(around.seqs[0] ?? 0)
      ok(around.seqs.includes(tenth), 'the page around a message lacks it')
      ok(
        start < 9 && around.seqs.length > 1 && around.seqs.length <= 8,
        `a page around the tenth: ${around.seqs}`,
      )
      equal(around.seqs, seqs.slice(start, start + around.seqs.length), 'the page around the tenth')
    }),
    promise('before the first and after the last there is nothing', PAGE, async (t) => {
      const { bob, room, seqs } = await longRoom(t, 2)
      equal(await page(t.as(bob), room, `before=${seqs[0]}`), { seqs: [], more: false }, 'before the first')
      equal(await page(t.as(bob), room, `after=${seqs[1]}`), { seqs: [], more: false }, 'after the last')
    }),
    promise('two cursors at once, and cursors that are no seq, are refused', PAGE, async (t) => {
      const { ann, room } = await pair(t)
      for (const query of [
        'before=5&after=2',
        'after=1&around=1',
        'before=1&around=2',
        'before=x',
        'after=-1',
        'around=1.5',
        'before=',
      ]) {
        invalid(await t.as(ann).get(`/rooms/${room}/messages?${query}`))
      }
    }),
    promise('the log pages in order and without a gap', LOG, async (t) => {
      const { bob, room, seqs } = await longRoom(t, 12)
      await say(t.as(bob), room, 'last')
      const all: shape.Entry[] = []
      let after = 0
      for (let more = true; more; ) {
        const one = await logPage(t.as(bob), room, `after=${after}&limit=5`)
        ok(one.entries.length <= 5, `a page of ${one.entries.length} with limit=5`)
        all.push(...one.entries)
        after = one.entries.at(-1)?.seq ?? after
        more = one.more
        equal(one.head, (seqs.at(-1) ?? 0) + 1, 'head_seq')
        equal(one.first, 1, 'first_seq')
      }
      shape.dense(all, 1)
      equal(all.at(-1)?.seq, (await roomOf(t.as(bob), room)).head_seq, 'the last entry')
    }),
    promise('the log after the head is empty, and nonsense is refused', LOG, async (t) => {
      const { ann, room } = await pair(t)
      const { head_seq } = await roomOf(t.as(ann), room)
      for (const after of [head_seq, head_seq + 1_000]) {
        const one = await logPage(t.as(ann), room, `after=${after}`)
        equal([one.entries.length, one.more, one.head], [0, false, head_seq], 'entries, more, head_seq')
      }
      for (const bad of ['-1', 'x', '1.5'])
        invalid(await t.as(ann).get(`/rooms/${room}/log?after=${bad}`), 'after')
    }),
    promise(
      'the log holds every kind with its fields',
      'one line of the log) `{room, seq, kind, from, at, …}`, `from` a user id',
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const { seq } = await say(t.as(ann), room, 'text')
        done(await t.as(ann).patch(`/rooms/${room}/messages/${seq}`, { body: 'new text' }), 200)
        const emoji = encodeURIComponent('👍')
        done(await t.as(bob).put(`/rooms/${room}/messages/${seq}/reactions/${emoji}`), 201)
        done(await t.as(bob).delete(`/rooms/${room}/messages/${seq}/reactions/${emoji}`), [200, 201])
        const { entries } = await logPage(t.as(bob), room, `after=${seq - 1}`)
        equal(
          entries.map((one) => [one.kind, one.from, one.all.target ?? null]),
          [
            ['message', ann.id, null],
            ['edit', ann.id, seq],
            ['react', bob.id, seq],
            ['unreact', bob.id, seq],
          ],
          'the entries',
        )
        equal(
          [entries[0]?.all.redacted ?? false, entries[1]?.all.body],
          [false, 'new text'],
          'redacted and the edited body',
        )
      },
    ),
    promise('unread counts to 100 and no further, and goes down when read', CAP, async (t) => {
      const { ann, bob, room, seqs } = await longRoom(t, 101)
      equal((await roomOf(t.as(bob), room)).me?.unread, 100, 'unread after 101 messages')
      equal((await roomOf(t.as(ann), room)).me?.unread, 0, "unread of the sender's own")
      const link = await t.connect(bob)
      const two = await link.ok('mark', { room, read: seqs[1] })
      equal([two.unread, two.read], [99, seqs[1]], 'unread and read after reading two')
    }),
    promise('messages are found by a word, in a room and from a person', SEARCH, async (t) => {
      const { ann, bob, room } = await pair(t)
      const other = await groupOf(t.as(ann), t.name('Other'), [bob])
      const word = unique(14)
      const mine = await say(t.as(ann), room, `alpha ${word} omega`)
      const theirs = await say(t.as(bob), room, `${word} beta`)
      const elsewhere = await say(t.as(ann), other.id, word)
      const actor = t.as(bob)
      equal((await found(actor, `query=${word}`)).length, 3, 'messages found')
      equal(
        (await found(actor, `query=${word}&room=${room}`)).sort(),
        [mine.seq, theirs.seq].sort(),
        'messages found in the room',
      )
      equal(
        await found(actor, `query=${word}&room=${room}&from=${ann.id}`),
        [mine.seq],
        'messages found of one person',
      )
      equal(
        await found(actor, `query=${word}&room=${other.id}`),
        [elsewhere.seq],
        'messages found in the other room',
      )
    }),
    promise('an edited message is found by its new text only', SEARCH, async (t) => {
      const { ann, room } = await pair(t)
      const [old, fresh] = [unique(14), unique(14)]
      const { seq } = await say(t.as(ann), room, `first ${old}`)
      done(await t.as(ann).patch(`/rooms/${room}/messages/${seq}`, { body: `then ${fresh}` }), 200)
      equal(await found(t.as(ann), `query=${old}`), [], 'messages found by the old text')
      equal(await found(t.as(ann), `query=${fresh}`), [seq], 'messages found by the new text')
    }),
    promise('the search shows what I may read and nothing else', SEARCH, async (t) => {
      const { ann, bob, room } = await pair(t)
      const eve = t.as(await t.person())
      const open = await publicRoom(t.as(ann), t.name('Open'))
      const word = unique(14)
      await say(t.as(ann), room, word)
      await say(t.as(ann), open.id, word)
      equal(await found(eve, `query=${word}`), [], 'messages an outsider finds')
      const foreign = await eve.get(`/search?query=${word}&room=${room}`)
      if (foreign.status === 200) equal(list(foreign.body, 'messages'), [], 'messages of a foreign room')
      else refused(foreign, 404, 'not_found')
      equal((await found(t.as(bob), `query=${word}`)).length, 1, 'messages a member finds')
      done(await t.as(ann).delete(`/rooms/${room}/members/${bob.id}`), 204)
      equal(await found(t.as(bob), `query=${word}`), [], 'messages a removed member finds')
      await join(eve, open.id)
      equal((await found(eve, `query=${word}`)).length, 1, 'messages found after joining')
    }),
    promise(
      'search results are paged by `next`',
      'Lists return `next` (opaque, passed back as `cursor`) when there is more.',
      async (t) => {
        const { ann, room } = await pair(t)
        const word = unique(14)
        const sent: number[] = []
        for (let n = 0; n < 3; n += 1) sent.push((await say(t.as(ann), room, `${word} ${n}`)).seq)
        const seen: number[] = []
        let cursor = ''
        for (let round = 0; round < 5; round += 1) {
          const { body } = done(await t.as(ann).get(`/search?query=${word}&limit=1${cursor}`), 200)
          seen.push(...list(body, 'messages').map((one) => shape.message(one).seq))
          const next = at(body, 'next')
          if (next === undefined || next === null) break
          cursor = `&cursor=${encodeURIComponent(String(next))}`
        }
        equal(
          [...seen].sort((a, b) => a - b),
          sent,
          'messages over all pages',
        )
      },
    ),
    promise('a search for quotes, operators and wildcards is only text', SEARCH, async (t) => {
      const { ann, room } = await pair(t)
      await say(t.as(ann), room, `plain ${unique(8)}`)
      for (const query of ["'", '"', '%', '_%', '\\', ':* & | !', '<->', '\u0000', 'a'.repeat(500), '𝕏']) {
        const answer = await t.as(ann).get(`/search?query=${encodeURIComponent(query)}&room=${room}`)
        if (answer.status !== 200) invalid(answer)
      }
    }),
    promise('a mistaken room or person in a search is no error of the server', SEARCH, async (t) => {
      const { ann } = await pair(t)
      for (const more of ['room=x', `room=${clientId()}`, 'from=x', `from=${clientId()}`]) {
        const answer = await t.as(ann).get(`/search?query=word&${more}`)
        if (answer.status !== 200) refused(answer, [400, 404], ['invalid_request', 'not_found'])
      }
    }),
  ],
}
