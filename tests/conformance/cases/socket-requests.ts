import { messageOf, pair, pairAndOutsider, publicRoom, roomOf, say, wholeLog } from '../lib/acts.ts'
import { at, equal, isObject, list, ok, show, str } from '../lib/asserts.ts'
import { done } from '../lib/codes.ts'
import { clientId, foreignIds, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'
import { type Frame, socketError } from '../lib/socket.ts'

const SEND =
  '`send`: `room, client_id, body, reply_to?, file_ids?` → `room, seq, at` – after the commit; an `ok` for `send` means on disk'
const EDIT = '`edit`: `room, target` (a seq)`, body, client_id?` → `room, seq`'
const SAME = '`delete`, `react`, `unreact`: `room, seq`; already so: the seq of the first time, no new entry'
const LOG =
  '`log`: `rooms: [{room, after}], limit?` → `rooms: [{room, entries, head_seq, first_seq, more}]`, or `{room, error}` for one I may not read'
const MARK = '`mark`: `room, delivered?, read?` → `read, delivered, unread` (watermarks only move forward)'
const WATCH = '`watch`: `users` (replaces the list) → `presence: [{user, state, last_seen_at?}]`'
const REQUESTS =
  'Requests carry `id` (an integer the client chose); the answer is `{"t":"ok","id":…,…}` or `{"t":"error","id":…,"code":"…","message":"…","retryable":bool,"retry_after_ms"?:…}`'
const WATCHED = 500

export const socketRequests: Topic = {
  topic: 'Socket: requests',
  cases: [
    promise('an ok for send is on disk', SEND, async (t) => {
      const { ann, bob, room } = await pair(t)
      const link = await t.connect(ann)
      const answer = await link.ok('send', { room, client_id: clientId(), body: 'by socket' })
      equal(answer.room, room, 'room')
      const sentAt = shape.time(answer, 'at')
      const message = await messageOf(t.as(bob), room, shape.count(answer, 'seq'))
      equal([message.body, message.from, message.at], ['by socket', ann.id, sentAt], 'message')
    }),
    promise('the id is echoed, whatever integer it is', REQUESTS, async (t) => {
      const link = await t.connect(await t.person())
      for (const id of [0, 1, 2_147_483_648, Number.MAX_SAFE_INTEGER, -1]) {
        link.send({ t: 'ping', id })
        const answer = await link.next(`an answer to ${id}`, (frame) => frame.id === id)
        if (id >= 0) equal(answer.t, 'ok', 'type of the answer')
      }
    }),
    promise('many requests at once get an answer each', REQUESTS, async (t) => {
      const { ann, room } = await pair(t)
      const link = await t.connect(ann)
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => link.ok('send', { room, client_id: clientId(), body: `m${n}` })),
      )
      equal(new Set(answers.map((one) => one.seq)).size, 20, 'different seqs')
    }),
    promise(
      'the bounds of a body hold on the socket',
      '| message body | 1–8,000 characters after trimming',
      async (t) => {
        const { ann, room } = await pair(t)
        const link = await t.connect(ann)
        await link.ok('send', { room, client_id: clientId(), body: 'y'.repeat(8_000) })
        const before = (await roomOf(t.as(ann), room)).head_seq
        for (const body of ['', '  ', 'y'.repeat(8_001), 'a\u0000b', 'a\ud800', 7, null]) {
          await link.refused('send', { room, client_id: clientId(), body }, 'invalid_request')
        }
        equal((await roomOf(t.as(ann), room)).head_seq, before, 'head_seq')
        await link.ok('ping')
      },
    ),
    promise(
      'the bounds of a client_id hold on the socket',
      '| `client_id` | 8–40 of `A-Z a-z 0-9 _ -` |',
      async (t) => {
        const { ann, room } = await pair(t)
        const link = await t.connect(ann)
        for (const id of [unique(8), `${unique(8)}${unique(32)}`])
          await link.ok('send', { room, client_id: id, body: 'x' })
        for (const id of [unique(7), `${unique(9)}${unique(32)}`, `${unique(8)}!`, 7, undefined]) {
          await link.refused('send', { room, client_id: id, body: 'x' }, 'invalid_request')
        }
      },
    ),
    promise(
      'a repeated send returns the first result, also with another body',
      'A request may be repeated: `client_id` is remembered for ever per room and sender',
      async (t) => {
        const { ann, room } = await pair(t)
        const [one, two] = await Promise.all([t.connect(ann), t.connect(ann)])
        const id = clientId()
        const answers: Frame[] = await Promise.all([
          one.ok('send', { room, client_id: id, body: 'first' }),
          one.ok('send', { room, client_id: id, body: 'second' }),
          two.ok('send', { room, client_id: id, body: 'third' }),
        ])
        equal(new Set(answers.map((answer) => `${answer.seq} ${answer.at}`)).size, 1, 'different results')
        equal(
          (await wholeLog(t.as(ann), room)).filter((entry) => entry.kind === 'message').length,
          1,
          'messages stored',
        )
      },
    ),
    promise('an unknown room is not_found', '`error` … with the codes above', async (t) => {
      const { ann, room } = await pair(t)
      const link = await t.connect(ann)
      for (const id of [...foreignIds(room, 1), 'x'])
        await link.refused('send', { room: id, client_id: clientId(), body: 'x' }, 'not_found')
    }),
    promise('edit changes the message; the same client_id again is the same edit', EDIT, async (t) => {
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'text')
      const link = await t.connect(ann)
      const id = clientId()
      const first = await link.ok('edit', { room, target: seq, body: 'edited', client_id: id })
      equal([first.room, first.seq], [room, seq + 1], 'room and seq')
      equal(
        (await link.ok('edit', { room, target: seq, body: 'again', client_id: id })).seq,
        first.seq,
        'seq of the repeated edit',
      )
      equal((await messageOf(t.as(ann), room, seq)).body, 'edited', 'body')
      for (const body of ['', 'z'.repeat(8_001), 'a\u0000'])
        await link.refused('edit', { room, target: seq, body }, 'invalid_request')
    }),
    promise(
      'delete, react and unreact again give the seq of the first time and no new entry',
      SAME,
      async (t) => {
        const { ann, room } = await pair(t)
        const { seq } = await say(t.as(ann), room, 'text')
        const link = await t.connect(ann)
        const steps = [
          ['react', { emoji: '👍' }],
          ['unreact', { emoji: '👍' }],
          ['delete', {}],
        ] as const
        for (const [type, more] of steps) {
          const first = await link.ok(type, { room, target: seq, ...more })
          const again = await link.ok(type, { room, target: seq, ...more })
          equal([again.room, again.seq], [room, first.seq], `the second ${type}`)
        }
        equal((await roomOf(t.as(ann), room)).head_seq, seq + steps.length, 'head_seq')
      },
    ),
    promise('edit and delete are for the author, on the socket too', '403 `forbidden`', async (t) => {
      const { ann, bob, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'mine')
      const link = await t.connect(bob)
      await link.refused('edit', { room, target: seq, body: 'not yours' }, 'forbidden')
      await link.refused('delete', { room, target: seq }, 'forbidden')
      for (const type of ['edit', 'delete', 'react'] as const) {
        await link.refused(type, { room, target: 999_999, body: 'x', emoji: '👍' }, 'not_found')
      }
      for (const emoji of ['👍👍', '', 'ab', 7])
        await link.refused('react', { room, target: seq, emoji }, 'invalid_request')
    }),
    promise('log gives several rooms and an error for one I may not read', LOG, async (t) => {
      const { ann, eve, room } = await pairAndOutsider(t)
      const own = await publicRoom(t.as(eve), t.name('Own'))
      await say(t.as(eve), own.id, 'one')
      await say(t.as(eve), own.id, 'two')
      await say(t.as(ann), room, 'secret')
      const link = await t.connect(eve)
      const answer = await link.ok('log', {
        rooms: [
          { room: own.id, after: 0 },
          { room, after: 0 },
        ],
        limit: 200,
      })
      const [mine, theirs] = [own.id, room].map((id) =>
        list(answer, 'rooms').find((one) => at(one, 'room') === id),
      )
      shape.dense(list(mine, 'entries').map(shape.entry), 1)
      equal(
        [at(mine, 'head_seq'), at(mine, 'first_seq'), at(mine, 'more')],
        [list(mine, 'entries').length, 1, false],
        'head, first, more',
      )
      ok(isObject(theirs) && theirs.error !== undefined, `a room I may not read: ${show(theirs)}`)
      ok(!show(answer, 100_000).includes('secret'), 'a foreign message')
    }),
    promise('log pages by its limit', LOG, async (t) => {
      const { ann, room } = await pair(t)
      for (const body of ['one', 'two', 'three']) await say(t.as(ann), room, body)
      const link = await t.connect(ann)
      const { head_seq } = await roomOf(t.as(ann), room)
      const seen: shape.Entry[] = []
      for (let more = true, after = 0; more; after = seen.at(-1)?.seq ?? 0) {
        const answer = await link.ok('log', { rooms: [{ room, after }], limit: 2 })
        const [one] = list(answer, 'rooms')
        seen.push(...list(one, 'entries').map(shape.entry))
        more = at(one, 'more') === true
      }
      shape.dense(seen, 1)
      equal(seen.at(-1)?.seq, head_seq, 'the last seq')
      for (const limit of [0, 201, -1, 1.5, 'x'])
        await link.refused('log', { rooms: [{ room, after: 0 }], limit }, 'invalid_request')
      await link.ok('log', { rooms: [{ room, after: 0 }], limit: 200 })
    }),
    promise('mark moves forward only', MARK, async (t) => {
      const { ann, bob, room } = await pair(t)
      const seqs: number[] = []
      for (const body of ['one', 'two', 'three']) seqs.push((await say(t.as(ann), room, body)).seq)
      const [one = 0, two = 0, three = 0] = seqs
      const link = await t.connect(bob)
      const delivered = await link.ok('mark', { room, delivered: three })
      equal([delivered.delivered, delivered.unread], [three, 3], 'delivered and unread')
      const read = await link.ok('mark', { room, read: two })
      equal([read.read, read.delivered, read.unread], [two, three, 1], 'read, delivered and unread')
      const back = await link.ok('mark', { room, read: one, delivered: one })
      equal([back.read, back.delivered, back.unread], [two, three, 1], 'after marking backwards')
      const me = (await roomOf(t.as(bob), room)).me
      equal([me?.read_seq, me?.delivered_seq, me?.unread], [two, three, 1], 'me')
    }),
    promise(
      'a mark beyond the head leaves nothing unread and does not outrun later messages',
      MARK,
      async (t) => {
        const { ann, bob, room } = await pair(t)
        await say(t.as(ann), room, 'one')
        const link = await t.connect(bob)
        equal((await link.ok('mark', { room, read: 1_000_000 })).unread, 0, 'unread')
        await say(t.as(ann), room, 'two')
        equal((await roomOf(t.as(bob), room)).me?.unread, 1, 'unread after another message')
      },
    ),
    promise('a mark of nonsense is refused', MARK, async (t) => {
      const { ann, room } = await pair(t)
      const link = await t.connect(ann)
      for (const read of [-1, 1.5, 'x', null]) await link.refused('mark', { room, read }, 'invalid_request')
    }),
    promise('watch answers the presence of those it names', WATCH, async (t) => {
      const [ann, bob, cat] = await t.persons(3)
      await t.connect(bob)
      const link = await t.connect(ann)
      const answer = await link.ok('watch', { users: [bob.id, cat.id] })
      const states = new Map(
        list(answer, 'presence').map((one) => [shape.id(one, 'user'), str(one, 'state')]),
      )
      equal(states.get(bob.id), 'online', 'state of a connected person')
      ok(['offline', 'online', 'away', undefined].includes(states.get(cat.id)), `state ${states.get(cat.id)}`)
    }),
    promise('500 may be watched, 501 may not', '| `watch` | 500 users |', async (t) => {
      const ann = await t.person()
      const link = await t.connect(ann)
      const ids = foreignIds(ann.id, WATCHED + 1)
      list(await link.ok('watch', { users: ids.slice(0, WATCHED) }), 'presence')
      await link.refused('watch', { users: ids }, 'invalid_request')
      for (const users of ['x', [7], [null], undefined])
        await link.refused('watch', { users }, 'invalid_request')
      equal(list(await link.ok('watch', { users: [] }), 'presence'), [], 'presence of nobody')
    }),
    promise('ping answers a cursor', '`ping` → `cursor`', async (t) => {
      const link = await t.connect(await t.person())
      ok(str(await link.ok('ping'), 'cursor').length > 0, 'an empty cursor')
    }),
    promise('typing has no answer', '`typing`: `room` → no answer', async (t) => {
      const { ann, room } = await pair(t)
      const link = await t.connect(ann)
      link.send({ t: 'typing', room })
      await link.ok('ping')
      ok(!link.frames.some((frame) => frame.t === 'ok' && frame.id === undefined), 'an ok without an id')
      ok(!link.frames.some((frame) => frame.t === 'error'), `an error: ${show(link.frames.at(-1))}`)
    }),
    promise(
      'rooms with a cursor nobody gave out is refused or empty',
      '`rooms`: `next` → `rooms, next?`',
      async (t) => {
        const link = await t.connect(await t.person())
        const answer = await link.request('rooms', { next: 'nobody-gave-this-out' })
        if (answer.t === 'ok') list(answer, 'rooms')
        else socketError(answer, 'invalid_request')
      },
    ),
    promise('what was sent by socket is one message over REST', 'the first result is returned', async (t) => {
      const { ann, room } = await pair(t)
      const link = await t.connect(ann)
      const id = clientId()
      const { seq } = await link.ok('send', { room, client_id: id, body: 'once' })
      const again = done(
        await t.as(ann).post(`/rooms/${room}/messages`, { client_id: id, body: 'twice' }),
        200,
      )
      equal([at(again.body, 'entry.seq'), at(again.body, 'entry.body')], [seq, 'once'], 'entry')
    }),
  ],
}
