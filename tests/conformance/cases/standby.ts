import { pair, pairAndOutsider, say } from '../lib/acts.ts'
import { equal, list, ok, show, str } from '../lib/asserts.ts'
import { done, errorShape, invalid, refused } from '../lib/codes.ts'
import { bearer, type Context } from '../lib/context.ts'
import type { Answer } from '../lib/http.ts'
import type { Person } from '../lib/people.ts'
import { clientId, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'
import { type Frame, socketError } from '../lib/socket.ts'
import type { Stream } from '../lib/stream.ts'

const EVENTS = 'the first event is `hello`, then `ready`, then the same pushes; each `data:` is one frame'
const HEADERS = '`no-transform`, `X-Accel-Buffering: no`'
const POST =
  'A request goes as `POST /api/v1/stream/{session}` with one frame; its `ok` or `error` is the response body'
const OWNER = 'the session belongs to its user, anyone else gets 404'
const POLL =
  'the client polls: `GET /api/v1/stream?resume=…&poll=1` returns `{frames, cursor}` after at most 25 s'
const COMMENT = 'a comment every 15 s'
const END = 'at the end an event `{"t":"close","code":…,"reason":"…"}`'
const SAME = 'Same authentication, same promises.'

async function readyOf(stream: Stream): Promise<Frame> {
  return await stream.next('`ready`', (frame) => frame.t === 'ready')
}

async function open(
  t: Context,
  person: Person,
): Promise<{ stream: Stream; session: string; cursor: string }> {
  const stream = await t.stream(person)
  equal(stream.status, 200, 'status of the stream')
  const ready = await readyOf(stream)
  return { stream, session: shape.id(ready.session), cursor: str(ready, 'cursor') }
}

function post(t: Context, person: Person | undefined, session: string, frame: unknown): Promise<Answer> {
  return t.as(person).post(`/stream/${session}`, frame)
}

function poll(t: Context, person: Person | undefined, resume?: string): Promise<Answer> {
  return t
    .as(person)
    .get(`/stream?poll=1${resume === undefined ? '' : `&resume=${encodeURIComponent(resume)}`}`)
}

/** Whether the frames of a poll let the client know of `room`'s news. */
function tellsOf(frames: readonly unknown[], room: string): boolean {
  return show(frames, 1_000_000).includes(room)
}

export const standby: Topic = {
  topic: 'Stand-by link',
  cases: [
    promise('the stream begins with hello, then ready, then pushes', EVENTS, async (t) => {
      const { ann, bob, room } = await pair(t)
      const { stream } = await open(t, bob)
      equal([stream.frames[0]?.t, stream.frames[1]?.t], ['hello', 'ready'], 'the first two events')
      equal(
        [stream.frames[0]?.v, stream.frames[0]?.auth_required],
        [1, false],
        'v and auth_required of hello',
      )
      const ready = await readyOf(stream)
      equal(shape.user(ready.user).id, bob.id, 'ready.user.id')
      ok(
        list(ready, 'rooms').some((one) => shape.room(one).id === room),
        'the room is not in ready',
      )
      const { seq } = await say(t.as(ann), room, 'to the stream')
      const push = await stream.next(
        'the entry',
        (frame) => frame.t === 'entry' && frame.room === room && frame.seq === seq,
      )
      equal([push.kind, push.body, push.from], ['message', 'to the stream', ann.id], 'the push')
    }),
    promise('proxies are told neither to change nor to buffer it', HEADERS, async (t) => {
      const { stream } = await open(t, await t.person())
      ok(
        /^text\/event-stream\b/.test(stream.headers['content-type'] ?? ''),
        `content-type ${stream.headers['content-type']}`,
      )
      ok(
        /\bno-transform\b/.test(stream.headers['cache-control'] ?? ''),
        `cache-control ${stream.headers['cache-control']}`,
      )
      equal(stream.headers['x-accel-buffering'], 'no', 'X-Accel-Buffering')
    }),
    promise('requests go by POST and are answered in the body', POST, async (t) => {
      const { ann, bob, room } = await pair(t)
      const { stream, session } = await open(t, bob)
      const frame = { t: 'send', id: 7, room, client_id: clientId(), body: 'by POST' }
      const { body } = done(await post(t, bob, session, frame), 200)
      equal([(body as Frame).t, (body as Frame).id, (body as Frame).room], ['ok', 7, room], 'the answer')
      const seq = shape.count(body, 'seq')
      await stream.next('my own entry', (one) => one.t === 'entry' && one.room === room && one.seq === seq)
      const again = done(await post(t, bob, session, { ...frame, id: 8, body: 'again' }), 200)
      equal((again.body as Frame).seq, seq, 'seq of the repeated request')
      const ping = done(await post(t, bob, session, { t: 'ping', id: 9 }), 200)
      str(ping.body, 'cursor')
      const mark = done(await post(t, bob, session, { t: 'mark', id: 10, room, read: seq }), 200)
      equal((mark.body as Frame).read, seq, 'read')
      done(await t.as(ann).get(`/rooms/${room}/messages/${seq}`), 200)
    }),
    promise('a refused request is answered with its error', POST, async (t) => {
      const { ann, eve, room } = await pairAndOutsider(t)
      const { session } = await open(t, eve)
      await say(t.as(ann), room, 'ours')
      const send = { t: 'send', id: 1, room, client_id: clientId(), body: 'intruder' }
      for (const [frame, code] of [
        [send, 'not_found'],
        [{ t: 'no-such-type', id: 2 }, 'invalid_request'],
        [{ ...send, body: '' }, 'invalid_request'],
      ] as const) {
        const answer = await post(t, eve, session, frame)
        if (answer.status >= 400) {
          errorShape(answer)
          equal((answer.body as { error: Frame }).error.code, code, 'code')
        } else {
          socketError(answer.body as Frame, code)
          equal((answer.body as Frame).id, frame.id, 'id of the error')
        }
      }
    }),
    promise('a broken body is refused and the stream goes on', POST, async (t) => {
      const ann = await t.person()
      const { session } = await open(t, ann)
      const path = `/api/v1/stream/${session}`
      const headers = { ...bearer(ann), 'content-type': 'application/json' }
      refused(await t.http.call({ method: 'POST', path, headers, body: '{' }), 400, [
        'invalid_json',
        'invalid_request',
      ])
      const big = `{"t":"ping","id":1,"pad":"${'x'.repeat(66_000)}"}`
      refused(await t.http.call({ method: 'POST', path, headers, body: big }), 413, 'too_large')
      done(await post(t, ann, session, { t: 'ping', id: 3 }), 200)
    }),
    promise('the session of another gets 404, and so does one that never was', OWNER, async (t) => {
      const [ann, eve] = await t.persons(2)
      const { session } = await open(t, ann)
      for (const [who, id] of [
        [eve, session],
        [ann, `s${unique(12)}`],
      ] as const) {
        refused(await post(t, who, id, { t: 'ping', id: 1 }), 404, 'not_found')
      }
      refused(await post(t, undefined, session, { t: 'ping', id: 1 }), 401, 'unauthenticated')
      done(await post(t, ann, session, { t: 'ping', id: 2 }), 200)
    }),
    promise('the stream resumes with a delta', '`GET /api/v1/stream?resume=`', async (t) => {
      const { ann, bob, room } = await pair(t)
      const { stream, cursor } = await open(t, bob)
      stream.end()
      const { seq } = await say(t.as(ann), room, 'missed')
      const ready = await readyOf(await t.stream(bob, cursor))
      equal(ready.mode, 'delta', 'mode')
      const found = list(ready, 'rooms')
        .map(shape.room)
        .find((one) => one.id === room)
      equal(found?.head_seq, seq, 'head_seq of the room that changed')
    }),
    promise('a stream needs a person', SAME, async (t) => {
      refused(await t.as(undefined).get('/stream'), 401, 'unauthenticated')
      refused(await poll(t, undefined), 401, 'unauthenticated')
      const { token } = await t.person()
      refused(await t.as(undefined).get(`/stream?token=${token}`), 401, 'unauthenticated')
    }),
    promise('a removed member gets nothing more on the stream', SAME, async (t) => {
      const { ann, bob, room } = await pair(t)
      const { stream, session } = await open(t, bob)
      done(await t.as(ann).delete(`/rooms/${room}/members/${bob.id}`), 204)
      await stream.next(
        'the push `room` removed',
        (frame) => frame.t === 'room' && frame.change === 'removed',
      )
      await say(t.as(ann), room, 'behind your back')
      const answer = await post(t, bob, session, { t: 'send', id: 1, room, client_id: clientId(), body: 'x' })
      ok(answer.text.includes('not_found'), `a send after the removal: ${show(answer.text)}`)
      await t.pause(300)
      ok(
        !tellsOf(
          stream.frames.filter((frame) => frame.t === 'entry' && frame.kind === 'message'),
          room,
        ),
        'a message after the removal',
      )
    }),
    promise('logout ends the stream with a close event', END, async (t) => {
      const ann = await t.newcomer()
      const { stream, session } = await open(t, ann)
      done(await t.as(ann).post('/auth/logout'), 204)
      const close = await stream.next('the close event', (frame) => frame.t === 'close')
      equal([close.code, close.reason], [4003, 'session_revoked'], 'code and reason')
      await stream.ended(5_000)
      refused(await post(t, ann, session, { t: 'ping', id: 1 }), 401, 'unauthenticated')
    }),
    promise('someone on the stand-by link is online and talks to someone on a socket', SAME, async (t) => {
      const { ann, bob, room } = await pair(t)
      const link = await t.connect(ann)
      const { stream, session } = await open(t, bob)
      const watched = list(await link.ok('watch', { users: [bob.id] }), 'presence')
      equal((watched[0] as Frame | undefined)?.state, 'online', 'presence of a person on the stream')
      done(
        await post(t, bob, session, {
          t: 'send',
          id: 1,
          room,
          client_id: clientId(),
          body: 'from the stream',
        }),
        200,
      )
      await link.push('entry', 'from the stream', (frame) => frame.body === 'from the stream')
      await link.ok('send', { room, client_id: clientId(), body: 'from the socket' })
      await stream.next('the entry', (frame) => frame.body === 'from the socket')
    }),
    promise(
      'a comment comes every 15 s',
      COMMENT,
      async (t) => {
        const { stream } = await open(t, await t.person())
        await stream.comment(17_000)
      },
      'slow',
    ),
    promise('a poll answers frames and a cursor, and the cursor leads on', POLL, async (t) => {
      const { ann, bob, room } = await pair(t)
      const first = done(await poll(t, bob), 200)
      const frames = list(first.body, 'frames')
      ok(
        frames.some((frame) => (frame as Frame).t === 'ready'),
        `a first poll without ready: ${show(frames)}`,
      )
      ok(tellsOf(frames, room), 'a first poll without my room')
      await say(t.as(ann), room, 'polled')
      const next = done(await poll(t, bob, str(first.body, 'cursor')), 200)
      ok(
        tellsOf(list(next.body, 'frames'), room),
        `a poll after a message says nothing of the room: ${show(next.text)}`,
      )
      ok(str(next.body, 'cursor').length > 0, 'an empty cursor')
    }),
    promise(
      'a waiting poll answers when something happens, or after 25 s',
      POLL,
      async (t) => {
        const { ann, bob, room } = await pair(t)
        let cursor = str(done(await poll(t, bob), 200).body, 'cursor')
        const begin = performance.now()
        const waiting = poll(t, bob, cursor)
        await t.pause(1_000)
        await say(t.as(ann), room, 'wake up')
        let answer = done(await waiting, 200)
        for (let round = 0; round < 3 && !answer.text.includes(room); round += 1) {
          cursor = str(answer.body, 'cursor')
          answer = done(await poll(t, bob, cursor), 200)
        }
        ok(answer.text.includes(room), 'no poll told of the message')
        ok(performance.now() - begin < 28_000, 'the poll took longer than 25 s')
      },
      'slow',
    ),
    promise(
      'an idle poll answers after at most 25 s',
      POLL,
      async (t) => {
        const bob = await t.newcomer()
        const { cursor } = done(await poll(t, bob), 200).body as { cursor: string }
        const begin = performance.now()
        const answer = done(await poll(t, bob, cursor), 200)
        list(answer.body, 'frames')
        str(answer.body, 'cursor')
        ok(performance.now() - begin < 27_000, `the poll took ${Math.round(performance.now() - begin)} ms`)
      },
      'slow',
    ),
    promise('a poll with a broken cursor starts over or is refused', POLL, async (t) => {
      const answer = await poll(t, await t.person(), 'nonsense')
      if (answer.status === 200) ok(list(answer.body, 'frames').length > 0, 'no frames')
      else invalid(answer)
    }),
  ],
}
