import { join, messageOf, pair, publicRoom, roomOf, say, wholeLog } from '../lib/acts.ts'
import { at, equal, list, ok, show } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import type { Person } from '../lib/people.ts'
import { clientId, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const BODY = '| message body | 1–8,000 characters after trimming (may be empty with files), no NUL |'
const CLIENT_ID = '| `client_id` | 8–40 of `A-Z a-z 0-9 _ -` |'
const POST =
  '`POST /rooms/{id}/messages` `{client_id, body, reply_to?, file_ids?}` → 201 `{entry}`; the same `client_id` again: 200 and the same entry'
const FOREVER =
  '`client_id` is remembered for ever per room and sender; the first result is returned, also if the body differs, also after one was removed.'
const ONE =
  '`GET /rooms/{id}/messages/{seq}`, `PATCH`, `DELETE` `{body, client_id?}` → `{message}`; `{entry}`; `{entry}`'
const REDACTED = '`redacted: true` where a later deletion blanked it'

/** Whether a redacted entry still shows any of the text. */
function shows(entry: shape.Entry, word: string): boolean {
  return show(entry.all, 100_000).includes(word)
}

export const messages: Topic = {
  topic: 'Messages',
  cases: [
    promise('a message is stored and read back as it was sent', POST, async (t) => {
      const { ann, bob, room } = await pair(t)
      const id = clientId()
      const body = 'Chào bạn! 你好 👩‍👩‍👧 <b>&amp;</b> "quotes" \\ and\n\ttwo lines'
      const answer = done(await t.as(ann).post(`/rooms/${room}/messages`, { client_id: id, body }), 201)
      const entry = shape.entry(at(answer.body, 'entry'))
      equal(
        [entry.room, entry.kind, entry.from, entry.all.body, entry.all.client_id],
        [room, 'message', ann.id, body, id],
        'entry',
      )
      const message = await messageOf(t.as(bob), room, entry.seq)
      equal(
        [message.body, message.from, message.clientId, message.at],
        [body, ann.id, id, entry.at],
        'message',
      )
      equal(
        [message.editedAt, message.isDeleted, message.reactions],
        [undefined, false, []],
        'a fresh message',
      )
    }),
    promise('a body of 1 and of 8,000 characters is taken, of 8,001 refused', BODY, async (t) => {
      const { ann, room } = await pair(t)
      await say(t.as(ann), room, 'x')
      const { seq } = await say(t.as(ann), room, 'y'.repeat(8_000))
      equal((await messageOf(t.as(ann), room, seq)).body.length, 8_000, 'length of the body')
      invalid(
        await t.as(ann).post(`/rooms/${room}/messages`, { client_id: clientId(), body: 'y'.repeat(8_001) }),
        'body',
      )
    }),
    promise('the bound counts after trimming', BODY, async (t) => {
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, `  \n${'y'.repeat(8_000)}\n  `)
      equal((await messageOf(t.as(ann), room, seq)).body.trim().length, 8_000, 'length of the trimmed body')
      for (const body of ['', ' ', '\n\t \n'])
        invalid(await t.as(ann).post(`/rooms/${room}/messages`, { client_id: clientId(), body }), 'body')
    }),
    promise('NUL and lone surrogates are refused and store nothing', BODY, async (t) => {
      const { ann, room } = await pair(t)
      const before = (await roomOf(t.as(ann), room)).head_seq
      for (const body of ['a\u0000b', '\u0000', 'a\ud800', '\udc00b']) {
        invalid(await t.as(ann).post(`/rooms/${room}/messages`, { client_id: clientId(), body }), 'body')
      }
      equal((await roomOf(t.as(ann), room)).head_seq, before, 'head_seq')
    }),
    promise(
      'a body of a wrong type is refused',
      '`invalid_request` (`details` names the fields)',
      async (t) => {
        const { ann, room } = await pair(t)
        for (const body of [undefined, null, 7, ['x'], { text: 'x' }])
          invalid(await t.as(ann).post(`/rooms/${room}/messages`, { client_id: clientId(), body }), 'body')
      },
    ),
    promise('a client_id of 8 and of 40 characters is taken, of 7 and 41 refused', CLIENT_ID, async (t) => {
      const { ann, room } = await pair(t)
      const send = (id: unknown) => t.as(ann).post(`/rooms/${room}/messages`, { client_id: id, body: 'x' })
      for (const id of [unique(8), `A_z-${unique(4)}${unique(32)}`]) done(await send(id), 201)
      for (const id of [
        unique(7),
        `${unique(9)}${unique(32)}`,
        '',
        `${unique(8)}!`,
        `${unique(8)} x`,
        `${unique(8)}é`,
        12_345_678,
        null,
        undefined,
      ]) {
        invalid(await send(id), 'client_id')
      }
    }),
    promise('the same client_id again is the same entry, also with another body', FOREVER, async (t) => {
      const { ann, room } = await pair(t)
      const id = clientId()
      const first = done(
        await t.as(ann).post(`/rooms/${room}/messages`, { client_id: id, body: 'first' }),
        201,
      )
      for (const body of ['first', 'second']) {
        const again = done(await t.as(ann).post(`/rooms/${room}/messages`, { client_id: id, body }), 200)
        equal(at(again.body, 'entry'), at(first.body, 'entry'), 'the entry of the repeated request')
      }
      const log = await wholeLog(t.as(ann), room)
      equal(log.filter((one) => one.kind === 'message').length, 1, 'messages stored')
    }),
    promise('the same client_id many times at once stores one message', FOREVER, async (t) => {
      const { ann, room } = await pair(t)
      const id = clientId()
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          t.as(ann).post(`/rooms/${room}/messages`, { client_id: id, body: `try ${n}` }),
        ),
      )
      equal(answers.filter((one) => one.status === 201).length, 1, 'answers with 201')
      equal(new Set(answers.map((one) => JSON.stringify(at(one.body, 'entry')))).size, 1, 'different entries')
      for (const answer of answers) done(answer, [200, 201])
    }),
    promise('REST and socket share the memory of a client_id', FOREVER, async (t) => {
      const { ann, room } = await pair(t)
      const id = clientId()
      const { seq } = await say(t.as(ann), room, 'by REST', { client_id: id })
      const link = await t.connect(ann)
      equal(
        (await link.ok('send', { room, client_id: id, body: 'by socket' })).seq,
        seq,
        'seq of the repeated request',
      )
      const other = clientId()
      const sent = await link.ok('send', { room, client_id: other, body: 'by socket' })
      const again = done(
        await t.as(ann).post(`/rooms/${room}/messages`, { client_id: other, body: 'by REST' }),
        200,
      )
      equal([at(again.body, 'entry.seq'), at(again.body, 'entry.body')], [sent.seq, 'by socket'], 'entry')
    }),
    promise(
      'the same client_id of another sender or in another room is another message',
      FOREVER,
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const other = await publicRoom(t.as(ann), t.name('Other'))
        const body = { client_id: clientId(), body: 'same key' }
        const one = done(await t.as(ann).post(`/rooms/${room}/messages`, body), 201)
        const two = done(await t.as(bob).post(`/rooms/${room}/messages`, body), 201)
        done(await t.as(ann).post(`/rooms/${other.id}/messages`, body), 201)
        ok(at(one.body, 'entry.seq') !== at(two.body, 'entry.seq'), 'two senders got one seq')
      },
    ),
    promise('the first result is returned after one was removed', FOREVER, async (t) => {
      const { ann, bob, room } = await pair(t)
      const id = clientId()
      const first = done(
        await t.as(bob).post(`/rooms/${room}/messages`, { client_id: id, body: 'mine' }),
        201,
      )
      done(await t.as(ann).delete(`/rooms/${room}/members/${bob.id}`), 204)
      const again = done(
        await t.as(bob).post(`/rooms/${room}/messages`, { client_id: id, body: 'mine' }),
        200,
      )
      equal(at(again.body, 'entry.seq'), at(first.body, 'entry.seq'), 'seq')
      const link = await t.connect(bob)
      equal(
        (await link.ok('send', { room, client_id: id, body: 'mine' })).seq,
        at(first.body, 'entry.seq'),
        'seq by socket',
      )
      await link.refused('send', { room, client_id: clientId(), body: 'new' }, 'not_found')
    }),
    promise('a reply names the message it answers', '`reply_to?`', async (t) => {
      const { ann, bob, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'question')
      const reply = await say(t.as(bob), room, 'answer', { reply_to: seq })
      const shown = at({ reply: reply.all.reply_to }, 'reply')
      equal(at(shown, 'seq') ?? shown, seq, 'entry.reply_to')
      const { replyTo } = await messageOf(t.as(ann), room, reply.seq)
      equal(at(replyTo, 'seq') ?? replyTo, seq, 'message.reply_to')
    }),
    promise('a reply to nothing is refused', '`invalid_request`', async (t) => {
      const { ann, room } = await pair(t)
      const send = (replyTo: unknown) =>
        t.as(ann).post(`/rooms/${room}/messages`, { client_id: clientId(), body: 'x', reply_to: replyTo })
      for (const bad of ['one', -1, 0, 1.5]) invalid(await send(bad), 'reply_to')
      refused(await send(1_000_000), [400, 404], ['invalid_request', 'not_found'])
    }),
    promise('an edit changes the message and is an entry of its own', ONE, async (t) => {
      const { ann, bob, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'first text')
      const answer = done(
        await t.as(ann).patch(`/rooms/${room}/messages/${seq}`, { body: 'second text' }),
        200,
      )
      const entry = shape.entry(at(answer.body, 'entry'))
      equal([entry.kind, entry.all.target, entry.all.body], ['edit', seq, 'second text'], 'entry')
      equal(entry.seq, seq + 1, 'the seq of the edit')
      const message = await messageOf(t.as(bob), room, seq)
      equal([message.body, message.seq], ['second text', seq], 'message')
      ok(message.editedAt !== undefined && message.editedAt >= message.at, 'edited_at is missing')
    }),
    promise('an edit keeps the bounds of a body', BODY, async (t) => {
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'text')
      const edit = (body: unknown) => t.as(ann).patch(`/rooms/${room}/messages/${seq}`, { body })
      done(await edit('z'.repeat(8_000)), 200)
      for (const bad of ['', '  ', 'z'.repeat(8_001), 'a\u0000', 'a\udfff', 7, null])
        invalid(await edit(bad), 'body')
      equal((await messageOf(t.as(ann), room, seq)).body.length, 8_000, 'length of the body')
    }),
    promise('the same client_id of an edit again is the same edit', FOREVER, async (t) => {
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'text')
      const id = clientId()
      const edit = (body: string) =>
        t.as(ann).patch(`/rooms/${room}/messages/${seq}`, { body, client_id: id })
      const first = done(await edit('edited'), 200)
      const again = done(await edit('edited again'), 200)
      equal(at(again.body, 'entry.seq'), at(first.body, 'entry.seq'), 'seq of the repeated edit')
      equal((await messageOf(t.as(ann), room, seq)).body, 'edited', 'body')
    }),
    promise('nobody edits the message of another', '| 403 | `forbidden` |', async (t) => {
      const { ann, bob, room } = await pair(t)
      const mine = await say(t.as(bob), room, 'mine')
      refused(
        await t.as(ann).patch(`/rooms/${room}/messages/${mine.seq}`, { body: 'not yours' }),
        403,
        'forbidden',
      )
      equal((await messageOf(t.as(ann), room, mine.seq)).body, 'mine', 'body')
    }),
    promise('a member does not delete the message of another', '| 403 | `forbidden` |', async (t) => {
      const { ann, bob, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'stays')
      refused(await t.as(bob).delete(`/rooms/${room}/messages/${seq}`), 403, 'forbidden')
      equal((await messageOf(t.as(bob), room, seq)).body, 'stays', 'body')
    }),
    promise('a deletion blanks the message and its edits everywhere', REDACTED, async (t) => {
      const { ann, bob, room } = await pair(t)
      const word = unique(16)
      const { seq } = await say(t.as(ann), room, `secret ${word}`)
      done(await t.as(ann).patch(`/rooms/${room}/messages/${seq}`, { body: `edited ${word}` }), 200)
      const answer = done(await t.as(ann).delete(`/rooms/${room}/messages/${seq}`), 200)
      const entry = shape.entry(at(answer.body, 'entry'))
      equal([entry.kind, entry.all.target], ['delete', seq], 'entry')
      equal((await messageOf(t.as(bob), room, seq)).isDeleted, true, 'message.deleted')
      const log = await wholeLog(t.as(bob), room)
      shape.dense(log, 1)
      for (const one of log.filter((line) => line.seq === seq || line.all.target === seq)) {
        ok(!shows(one, word), `the log still shows what was deleted: ${show(one.all)}`)
        if (one.kind !== 'delete') equal(one.all.redacted, true, `redacted of the ${one.kind}`)
      }
      const reads = [
        `/rooms/${room}/messages`,
        `/rooms/${room}/messages/${seq}`,
        '/rooms?limit=200',
        `/rooms/${room}`,
      ]
      for (const path of reads)
        ok(!done(await t.as(bob).get(path), 200).text.includes(word), `${path} still shows what was deleted`)
      equal(
        list(done(await t.as(bob).get(`/search?query=${word}`), 200).body, 'messages').length,
        0,
        'messages found',
      )
      const link = await t.connect(bob)
      ok(!show(link.ready, 1_000_000).includes(word), 'ready still shows what was deleted')
    }),
    promise('a deleted message stays deleted, also to its author', ONE, async (t) => {
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'short life')
      const first = done(await t.as(ann).delete(`/rooms/${room}/messages/${seq}`), 200)
      const again = done(await t.as(ann).delete(`/rooms/${room}/messages/${seq}`), 200)
      equal(at(again.body, 'entry.seq'), at(first.body, 'entry.seq'), 'seq of the repeated deletion')
      const edit = await t.as(ann).patch(`/rooms/${room}/messages/${seq}`, { body: 'back' })
      refused(edit, [400, 403, 404, 409], ['invalid_request', 'forbidden', 'not_found', 'conflict'])
      equal((await messageOf(t.as(ann), room, seq)).isDeleted, true, 'message.deleted')
    }),
    promise('what is no message is not found as one', '| 404 | `not_found` |', async (t) => {
      const [ann, bob] = await t.persons(2)
      const { id } = await publicRoom(t.as(ann), t.name('Kinds'))
      await join(t.as(bob), id)
      const { head_seq } = await roomOf(t.as(ann), id)
      const log = await wholeLog(t.as(ann), id)
      const joined = log.find((one) => one.kind === 'join')?.seq ?? head_seq
      for (const seq of [joined, head_seq + 1, 999_999_999]) {
        for (const method of ['GET', 'PATCH', 'DELETE']) {
          const body = method === 'PATCH' ? { body: 'x' } : undefined
          refused(
            await t.as(ann).call(method, `/rooms/${id}/messages/${seq}`, body),
            [400, 403, 404],
            ['not_found', 'forbidden', 'invalid_request'],
          )
        }
      }
      for (const seq of ['0', '-1', 'x', '1.5', '99999999999999999999']) {
        refused(
          await t.as(ann).get(`/rooms/${id}/messages/${seq}`),
          [400, 404],
          ['invalid_request', 'not_found'],
        )
      }
    }),
    promise(
      'unread counts the messages of others',
      '`me?: {role, read_seq, delivered_seq, unread}`',
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const unreadOf = async (who: Person) => (await roomOf(t.as(who), room)).me?.unread
        await say(t.as(ann), room, 'one')
        const two = await say(t.as(ann), room, 'two')
        equal([await unreadOf(ann), await unreadOf(bob)], [0, 2], 'unread of the sender and of the other')
        done(await t.as(ann).delete(`/rooms/${room}/messages/${two.seq}`), 200)
        equal(await unreadOf(bob), 1, 'unread after a deletion')
      },
    ),
  ],
}
