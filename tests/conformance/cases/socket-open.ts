import { pair, publicRoom } from '../lib/acts.ts'
import { equal, list, num, ok, oneOf, show, str } from '../lib/asserts.ts'
import { bearer, type Context, readyLink } from '../lib/context.ts'
import { clientId } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'
import { type Frame, socketError, type Wire } from '../lib/socket.ts'

const HELLO = 'Server: `{"t":"hello","v":1,"heartbeat_ms":…,"auth_required":bool,"limits":{…}}`'
const READY =
  'Server: `{"t":"ready","user":{…},"session":"…","cursor":"…","mode":"snapshot"|"delta","rooms":[room…],"gone":[room ids],"next"?:"…"}`'
const AUTH =
  'Authentication, any one of: `Authorization: Bearer`, the cookie together with an allowed `Origin`, or a first frame `auth` within 10 s.'
const BAD =
  'One bad frame (not JSON, unknown type, wrong fields) gets an `error`, with `id` if it could be read.'
const PUBLISHED = 'Bounds (published in `hello.limits` and in the API document)'
const FRAME_BYTES = 65_536
/** The bounds of the table that a client needs. */
const BOUNDS = [3, 32, 80, 8, 128, 8_000, 40, 65_536, 200, 50, 500, 100]

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : []
}

/** A frame of exactly `bytes`: a `send` padded with an unknown field. */
function padded(room: string, id: number, bytes: number): string {
  const start = JSON.stringify({ t: 'send', id, room, client_id: clientId(), body: 'padded', pad: '' })
  return start.replace('"pad":""', `"pad":"${'x'.repeat(bytes - start.length)}"`)
}

/** What comes of a socket that tries to sign in with `headers`: it must not be `ready`. */
async function notSignedIn(t: Context, headers: Record<string, string>, path = '/ws'): Promise<void> {
  const dialled = await t.dial({ path, headers })
  if ('refusedWith' in dialled)
    return oneOf(dialled.refusedWith, [400, 401, 403], 'status of the refused upgrade')
  const { wire } = dialled
  const first = await wire.next('`hello` or a close', () => true).catch(() => undefined)
  if (first?.t === 'hello' && first.auth_required === true) return
  equal(await wire.closed(), { code: 4001, reason: 'unauthenticated' }, 'close of the socket')
  ok(!wire.frames.some((frame) => frame.t === 'ready'), 'the socket was signed in')
}

const BAD_FRAMES = [
  'nonsense',
  '{',
  '[]',
  '"text"',
  '7',
  'null',
  '{}',
  '{"t":7}',
  '{"t":"no-such-type"}',
] as const

async function answerTo(wire: Wire, frame: unknown): Promise<Frame> {
  const since = wire.frames.length
  wire.send(frame)
  return await wire.next(`an error for ${show(frame, 100)}`, (one) => one.t === 'error', { since })
}

export const socketOpen: Topic = {
  topic: 'Socket: opening and closing',
  cases: [
    promise('hello comes first and says what it must', HELLO, async (t) => {
      const link = await t.connect(await t.person())
      equal([link.hello.v, link.hello.auth_required], [1, false], 'v and auth_required')
      const heartbeat = num(link.hello, 'heartbeat_ms')
      ok(Number.isInteger(heartbeat) && heartbeat >= 1_000, `heartbeat_ms is ${heartbeat}`)
    }),
    promise('hello publishes the bounds', PUBLISHED, async (t) => {
      const wire = await t.wire({})
      const hello = await wire.next('`hello`', (frame) => frame.t === 'hello')
      equal(hello.auth_required, true, 'auth_required of a socket without a token')
      const published = new Set(numbersIn(hello.limits))
      const missing = BOUNDS.filter((bound) => !published.has(bound))
      equal(missing, [], `bounds missing in ${show(hello.limits, 1_000)}`)
    }),
    promise('ready has the user, a session, a cursor and the rooms', READY, async (t) => {
      const { ann, room } = await pair(t)
      const { ready } = await t.connect(ann)
      equal(shape.user(ready.user).id, ann.id, 'ready.user.id')
      shape.id(ready.session)
      str(ready, 'cursor')
      equal([ready.mode, ready.gone], ['snapshot', []], 'mode and gone without a resume')
      const rooms = list(ready, 'rooms').map(shape.room)
      ok(rooms.length <= 200, `${rooms.length} rooms in ready`)
      equal(rooms.find((one) => one.id === room)?.me?.role, 'owner', 'my role in my room')
    }),
    promise('two sockets have different sessions', READY, async (t) => {
      const ann = await t.person()
      const [one, two] = await Promise.all([t.connect(ann), t.connect(ann)])
      ok(one.ready.session !== two.ready.session, 'the sessions are the same')
    }),
    promise(
      'the subprotocol parley.v1 is optional and confirmed',
      'Subprotocol `parley.v1` (optional).',
      async (t) => {
        const ann = await t.person()
        const wire = await t.wire({ headers: bearer(ann), protocols: ['parley.v1'] })
        equal(wire.protocol, 'parley.v1', 'the chosen subprotocol')
        await (await readyLink(t, wire)).ok('ping')
      },
    ),
    promise('a first frame auth signs in', AUTH, async (t) => {
      const ann = await t.person()
      const link = await t.connect(ann, { how: 'frame' })
      equal(shape.user(link.ready.user).id, ann.id, 'ready.user.id')
      await link.ok('ping')
    }),
    promise('a broken token in the first frame closes with 4001', '4001 `unauthenticated` no', async (t) => {
      for (const token of ['nonsense', 'a.b.c']) {
        const wire = await t.wire({})
        await wire.next('`hello`', (frame) => frame.t === 'hello')
        wire.send({ t: 'auth', token })
        equal(await wire.closed(), { code: 4001, reason: 'unauthenticated' }, 'close of the socket')
        ok(!wire.frames.some((frame) => frame.t === 'ready'), 'the socket was signed in')
      }
    }),
    promise('a broken Bearer does not sign in', AUTH, async (t) => {
      for (const token of ['nonsense', 'a.b.c']) await notSignedIn(t, { authorization: `Bearer ${token}` })
    }),
    promise(
      'a token in the URL does not sign in',
      'No token in the URL; `?resume=` (a cursor, no secret) may be.',
      async (t) => {
        const { token } = await t.person()
        for (const name of ['token', 'access_token']) await notSignedIn(t, {}, `/ws?${name}=${token}`)
      },
    ),
    promise('before auth nothing is answered but an error', AUTH, async (t) => {
      const wire = await t.wire({})
      await wire.next('`hello`', (frame) => frame.t === 'hello')
      wire.send({ t: 'ping', id: 1 })
      await Promise.race([wire.next('an error', (frame) => frame.t === 'error'), wire.closed()])
      ok(
        wire.frames.every((frame) => frame.t === 'hello' || frame.t === 'error'),
        `answered before auth: ${show(wire.frames)}`,
      )
      if (wire.close !== undefined) oneOf(wire.close.code, [4000, 4001], 'close code')
    }),
    promise(
      'without auth the socket is closed with 4002 after 10 s',
      'a first frame `auth` within 10 s',
      async (t) => {
        const wire = await t.wire({})
        const begin = performance.now()
        await wire.next('`hello`', (frame) => frame.t === 'hello')
        equal(await wire.closed(16_000), { code: 4002, reason: 'auth_timeout' }, 'close of the socket')
        const ms = performance.now() - begin
        ok(ms > 8_000 && ms < 15_000, `closed after ${Math.round(ms)} ms`)
      },
      'slow',
    ),
    promise(
      'auth sent again renews the token of the living socket',
      'Sent again later it renews the token of the living socket (answer: `ok` if it carries `id`).',
      async (t) => {
        const ann = await t.person()
        const again = await t.device(ann)
        const link = await t.connect(ann)
        await link.ok('auth', { token: again.token })
        await link.ok('ping')
        equal(link.frames.filter((frame) => frame.t === 'ready').length, 1, 'ready frames')
      },
    ),
    promise('auth sent again with a broken token is refused', '4001 `unauthenticated` no', async (t) => {
      const link = await t.connect(await t.person())
      link.send({ t: 'auth', id: 5, token: 'nonsense' })
      const first = await Promise.race([link.next('an answer', (frame) => frame.id === 5), link.closed()])
      if ('t' in first) socketError(first, 'unauthenticated')
      else equal(first, { code: 4001, reason: 'unauthenticated' }, 'close of the socket')
    }),
    promise(
      'auth sent again as another person does not change who one is',
      'it renews the token of the living socket',
      async (t) => {
        const { ann, room } = await pair(t)
        const eve = await t.person()
        const link = await t.connect(ann)
        link.send({ t: 'auth', id: 5, token: eve.token })
        const first = await Promise.race([link.next('an answer', (frame) => frame.id === 5), link.closed()])
        if (!('t' in first)) return oneOf(first.code, [4001, 4000], 'close code')
        socketError(first)
        await link.ok('send', { room, client_id: clientId(), body: 'still me' })
      },
    ),
    promise('a bad frame gets an error, and the socket goes on', BAD, async (t) => {
      const link = await t.connect(await t.person())
      for (const frame of BAD_FRAMES) {
        const answer = await answerTo(link, frame)
        socketError(answer, ['invalid_json', 'invalid_request'])
        ok(answer.id === undefined || answer.id === null, `an id nobody sent: ${show(answer)}`)
      }
      await link.ok('ping')
    }),
    promise('the error carries the id if it could be read', BAD, async (t) => {
      const { ann, room } = await pair(t)
      const link = await t.connect(ann)
      const bad = [
        { t: 'no-such-type' },
        { t: 'send' },
        { t: 'send', room, client_id: 'short', body: 'x' },
        { t: 'watch', users: 'x' },
      ]
      for (const [n, frame] of bad.entries()) {
        const answer = await answerTo(link, { ...frame, id: 40 + n })
        socketError(answer, 'invalid_request')
        equal(answer.id, 40 + n, `id of the error for ${show(frame)}`)
      }
      await link.ok('ping')
    }),
    promise(
      'ten bad frames within a minute close with 4000',
      '4000 `protocol_error` (10 bad frames within a minute) no reconnect',
      async (t) => {
        const link = await t.connect(await t.person())
        for (let n = 0; n < 9; n += 1) await answerTo(link, 'nonsense')
        await link.ok('ping')
        link.send('nonsense')
        equal(await link.closed(), { code: 4000, reason: 'protocol_error' }, 'close of the socket')
      },
    ),
    promise('refused requests that are well formed are no bad frames', BAD, async (t) => {
      const link = await t.connect(await t.person())
      for (let n = 0; n < 12; n += 1)
        await link.refused('send', { room: `r${clientId()}`, client_id: clientId(), body: 'x' }, 'not_found')
      await link.ok('ping')
    }),
    promise('a frame of 65,536 bytes is taken', '| frame, JSON body | 65,536 bytes |', async (t) => {
      const { ann, room } = await pair(t)
      const link = await t.connect(ann)
      link.send(padded(room, 7, FRAME_BYTES))
      equal((await link.next('an answer', (frame) => frame.id === 7)).t, 'ok', 'the answer')
    }),
    promise('a frame of one byte more closes with 1009', '1009 too large, no', async (t) => {
      const { ann, room } = await pair(t)
      const link = await t.connect(ann)
      link.send(padded(room, 7, FRAME_BYTES + 1))
      equal((await link.closed()).code, 1009, 'close code')
    }),
    promise(
      'unknown fields of a frame are ignored',
      'Unknown fields are ignored by both sides.',
      async (t) => {
        const { ann, room } = await pair(t)
        const link = await t.connect(ann)
        await link.ok('send', {
          room,
          client_id: clientId(),
          body: 'x',
          colour: 'blue',
          nested: { deep: [] },
        })
      },
    ),
    promise(
      'the server pings every heartbeat_ms',
      'The server pings (WebSocket ping) every `heartbeat_ms`',
      async (t) => {
        const link = await t.connect(await t.person())
        await link.pinged(Math.min(55_000, num(link.hello, 'heartbeat_ms') + 5_000))
      },
      'slow',
    ),
    promise(
      'a socket that was silent for two heartbeats is closed',
      'closes a socket that was silent for two',
      async (t) => {
        const ann = await t.person()
        const wire = await t.wire({ headers: bearer(ann), autoPong: false })
        const hello = await wire.next('`hello`', (frame) => frame.t === 'hello')
        await wire.closed(3 * num(hello, 'heartbeat_ms') + 5_000)
      },
      'long',
    ),
    promise(
      'ready holds at most 200 rooms, the rest come by `rooms`',
      'at most 200 rooms, the rest by the request `rooms`',
      async (t) => {
        const ann = await t.newcomer()
        const made: string[] = []
        let underWay = 0
        // Several at a time: one after the other they take a minute where others keep the processors.
        const make = async () => {
          while (made.length + underWay < 201) {
            underWay += 1
            const { id } = await publicRoom(t.as(ann), t.name('Many'))
            underWay -= 1
            made.push(id)
          }
        }
        await Promise.all(Array.from({ length: 8 }, make))
        const link = await t.connect(ann)
        const first = list(link.ready, 'rooms').map((one) => shape.room(one).id)
        ok(first.length <= 200, `${first.length} rooms in ready`)
        const seen = [...first]
        for (let next = link.ready.next; next !== undefined && next !== null; ) {
          const answer = await link.ok('rooms', { next })
          seen.push(...list(answer, 'rooms').map((one) => shape.room(one).id))
          next = answer.next
        }
        equal([...seen].sort(), [...made].sort(), 'rooms over all answers')
      },
      'slow',
    ),
  ],
}
