import { pair, say, wholeLog } from '../lib/acts.ts'
import { fail, ok, oneOf, show } from '../lib/asserts.ts'
import { ALL_CODES, CLOSE, CODES, errorShape } from '../lib/codes.ts'
import { bearer, type Context } from '../lib/context.ts'
import type { Answer } from '../lib/http.ts'
import { clientId, seeded } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'
import type { Wire } from '../lib/socket.ts'

const RULE =
  'Errors … never a stack trace; one bad frame (not JSON, unknown type, wrong fields) gets an `error`'
const REQUESTS = 150
const SOCKETS = 12
const FRAMES_PER_SOCKET = 8

type Dice = () => number

function pick<T>(dice: Dice, from: readonly T[]): T {
  // `null` is one of the strange values, so an index is the only thing to go by.
  return from[Math.floor(dice() * from.length)] as T
}

const STRANGE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  '🦜',
  'x'.repeat(9_000),
  [],
  {},
  [[]],
  [null],
  { a: { b: { c: [] } } },
  '__proto__',
  'constructor',
  "' OR 1=1 --",
  '{{7*7}}',
  '../../etc/passwd',
  '%00',
  '%s%n',
  '<script>',
]

/** A JSON value of at most a few levels. */
function value(dice: Dice, depth = 0): unknown {
  const roll = dice()
  if (depth > 3 || roll < 0.6) return pick(dice, STRANGE)
  const size = Math.floor(dice() * 4)
  if (roll < 0.8) return Array.from({ length: size }, () => value(dice, depth + 1))
  return Object.fromEntries(
    Array.from({ length: size }, (_, n) => [
      `${pick(dice, ['id', 'room', 't', '__proto__', 'name'])}${n}`,
      value(dice, depth + 1),
    ]),
  )
}

/** The valid object with one or two fields replaced, removed or added. */
function mutated(dice: Dice, valid: Record<string, unknown>): Record<string, unknown> {
  const copy = { ...valid }
  const keys = [...Object.keys(valid), 'extra']
  for (let n = 0; n < 1 + Math.floor(dice() * 2); n += 1) {
    const key = pick(dice, keys)
    if (dice() < 0.2) delete copy[key]
    else copy[key] = value(dice)
  }
  return copy
}

/** The text with some characters changed, doubled or cut off. */
function broken(dice: Dice, text: string): string {
  const where = Math.floor(dice() * text.length)
  const roll = dice()
  if (roll < 0.3) return text.slice(0, where)
  if (roll < 0.6)
    return (
      text.slice(0, where) +
      pick(dice, ['"', '{', ']', ',', '\\', '\u0000', '\\u12', 'é']) +
      text.slice(where + 1)
    )
  return text + text.slice(where)
}

/** The token with one character changed, never the last: some of its bits say nothing. */
function forged(dice: Dice, token: string): string {
  const where = Math.floor(dice() * (token.length - 1))
  return token.slice(0, where) + (token[where] === 'x' ? 'y' : 'x') + token.slice(where + 1)
}

/** Nothing on the way to an answer may look like a crash. */
function survived(answer: Answer): void {
  if (answer.status >= 500 && answer.status !== 503)
    fail(`status ${answer.status} for ${answer.what}: ${show(answer.text)}`)
  if (answer.status >= 400) {
    ok(
      CODES[answer.status] !== undefined,
      `a status that is not in the table: ${answer.status} for ${answer.what}`,
    )
    errorShape(answer)
  }
}

const CLIENT_CLOSE = 1_000

function bodies(
  room: string,
  seq: number,
  username: string,
): readonly [string, string, Record<string, unknown>][] {
  return [
    [
      'POST',
      '/auth/register',
      { username: 'u', password: 'long enough 77', email: 'a@b.example', display_name: 'x' },
    ],
    ['POST', '/auth/login', { login: username, password: 'not it at all' }],
    ['POST', '/auth/refresh', { refresh_token: 'x' }],
    ['POST', '/auth/password', { current: 'not it at all', next: 'nor this one 77' }],
    ['PATCH', '/users/me', { display_name: 'x' }],
    ['POST', '/rooms', { kind: 'group', name: 'fuzz', usernames: [username] }],
    ['PATCH', `/rooms/${room}`, { name: 'fuzz' }],
    ['POST', `/rooms/${room}/members`, { username }],
    ['POST', `/rooms/${room}/messages`, { client_id: clientId(), body: 'fuzz', reply_to: seq, file_ids: [] }],
    ['PATCH', `/rooms/${room}/messages/${seq}`, { body: 'fuzz', client_id: clientId() }],
    ['POST', '/api/user/signup/', { username: 'u', email: 'a@b.example', password: 'long enough 77' }],
    ['POST', '/api/room/create/', { name: 'fuzz' }],
  ]
}

function frames(room: string, seq: number, user: string): readonly Record<string, unknown>[] {
  return [
    { t: 'send', room, client_id: clientId(), body: 'fuzz', reply_to: seq, file_ids: [] },
    { t: 'edit', room, target: seq, body: 'fuzz', client_id: clientId() },
    { t: 'delete', room, target: 999_999 },
    { t: 'react', room, target: seq, emoji: '👍' },
    { t: 'unreact', room, target: seq, emoji: '👍' },
    { t: 'log', rooms: [{ room, after: 0 }], limit: 5 },
    { t: 'rooms', next: 'x' },
    { t: 'mark', room, delivered: 1, read: 1 },
    { t: 'typing', room },
    { t: 'watch', users: [user] },
    { t: 'ping' },
  ]
}

/** After a volley the socket answers a ping, or was closed with a code of the table. */
async function livesOrClosesWell(wire: Wire): Promise<void> {
  wire.send({ t: 'ping', id: 777 })
  await Promise.race([wire.next('an answer to ping', (frame) => frame.id === 777), wire.closed(6_000)])
  if (wire.close !== undefined)
    oneOf(wire.close.code, [...Object.keys(CLOSE).map(Number), 1007, 1009, CLIENT_CLOSE], 'close code')
  for (const frame of wire.frames) {
    if (frame.t === 'error')
      ok(ALL_CODES.includes(String(frame.code)), `an unknown error code: ${show(frame)}`)
    ok(frame.unexpected === undefined, `a frame that is no JSON object: ${show(frame)}`)
  }
}

async function isAlive(t: Context): Promise<void> {
  for (const path of ['/healthz', '/readyz']) {
    const { status } = await t.http.call({ method: 'GET', path })
    ok(status === 200, `${path} answers ${status} after the fuzzing`)
  }
}

export const fuzz: Topic = {
  topic: 'Fuzzing',
  cases: [
    promise('mutated bodies never get a 500', RULE, async (t) => {
      const dice = seeded(t.seed)
      const { ann, bob, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'target')
      for (let n = 0; n < REQUESTS; n += 1) {
        const [method, path, valid] = pick(dice, bodies(room, seq, bob.username))
        const text = JSON.stringify(mutated(dice, valid))
        const body = dice() < 0.2 ? broken(dice, text) : text
        const type = dice() < 0.05 ? 'text/plain' : 'application/json'
        const headers = { ...bearer(ann), 'content-type': type }
        survived(
          await t.http.call({
            method,
            path: path.startsWith('/api/') ? path : `/api/v1${path}`,
            headers,
            body,
            retry: false,
          }),
        )
      }
      await isAlive(t)
      shape.dense(await wholeLog(t.as(ann), room), 1)
    }),
    promise('mutated paths and queries never get a 500', RULE, async (t) => {
      const dice = seeded(t.seed + 1)
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'target')
      const parts = [
        '/users',
        '/rooms',
        '/search',
        `/rooms/${room}`,
        `/rooms/${room}/messages`,
        `/rooms/${room}/messages/${seq}`,
        `/rooms/${room}/log`,
        `/rooms/${room}/members`,
        '/rooms/search',
      ]
      const names = [
        'query',
        'limit',
        'cursor',
        'after',
        'before',
        'around',
        'room',
        'from',
        'online',
        'query[]',
        '__proto__',
      ]
      const strange = [
        '',
        '0',
        '-1',
        '1e9',
        '99999999999999999999',
        'NaN',
        '%00',
        '%ff',
        '%',
        '%F0%9F%A6%9C',
        "'",
        '%27%20OR%201%3D1',
        '..',
        '%2e%2e%2f',
        'x'.repeat(3_000),
        '[]',
        '{}',
        'null',
      ]
      for (let n = 0; n < REQUESTS; n += 1) {
        const tail = dice() < 0.4 ? `/${pick(dice, strange)}` : ''
        const query = Array.from(
          { length: Math.floor(dice() * 3) },
          () => `${pick(dice, names)}=${pick(dice, strange)}`,
        ).join('&')
        const path = `/api/v1${pick(dice, parts)}${tail}?${query}`
        survived(await t.http.call({ method: 'GET', path, headers: bearer(ann), retry: false }))
      }
      await isAlive(t)
    }),
    promise('random bytes as a body never get a 500', RULE, async (t) => {
      const dice = seeded(t.seed + 2)
      const { ann, room } = await pair(t)
      for (let n = 0; n < 40; n += 1) {
        const bytes = Buffer.from(
          Array.from({ length: Math.floor(dice() * 400) }, () => Math.floor(dice() * 256)),
        )
        const path = pick(dice, ['/api/v1/auth/login', '/api/v1/rooms', `/api/v1/rooms/${room}/messages`])
        const answer = await t.http.call({
          method: 'POST',
          path,
          headers: { ...bearer(ann), 'content-type': 'application/json' },
          body: bytes,
          retry: false,
        })
        survived(answer)
        ok(answer.status >= 400, `random bytes were accepted by ${path}`)
      }
    }),
    promise('deeply nested JSON is refused without harm', RULE, async (t) => {
      const ann = await t.person()
      const depth = 20_000
      const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`
      const headers = { ...bearer(ann), 'content-type': 'application/json' }
      for (const body of [
        deep,
        `{"kind":${deep},"name":"x"}`,
        `${'{"a":'.repeat(6_000)}1${'}'.repeat(6_000)}`,
      ]) {
        survived(await t.http.call({ method: 'POST', path: '/api/v1/rooms', headers, body }))
      }
      const link = await t.connect(ann)
      link.send(`{"t":"ping","id":${deep}}`)
      link.send(deep)
      await link.ok('ping')
    }),
    promise(
      'mutated frames get an error, and the socket survives or closes as the table says',
      RULE,
      async (t) => {
        const dice = seeded(t.seed + 3)
        const { ann, bob, room } = await pair(t)
        const { seq } = await say(t.as(ann), room, 'target')
        for (let round = 0; round < SOCKETS; round += 1) {
          const link = await t.connect(ann)
          for (let n = 0; n < FRAMES_PER_SOCKET; n += 1) {
            const frame = mutated(dice, { id: 1_000 + n, ...pick(dice, frames(room, seq, bob.id)) })
            link.send(dice() < 0.2 ? broken(dice, JSON.stringify(frame)) : frame)
          }
          await livesOrClosesWell(link)
          await link.end()
        }
        await isAlive(t)
        shape.dense(await wholeLog(t.as(bob), room), 1)
      },
    ),
    promise('random bytes as frames harm nobody', RULE, async (t) => {
      const dice = seeded(t.seed + 4)
      const ann = await t.person()
      const witness = await t.connect(ann)
      for (let round = 0; round < 6; round += 1) {
        const headers = dice() < 0.5 ? bearer(ann) : {}
        const wire = await t.wire({ headers })
        for (let n = 0; n < 6; n += 1) {
          const bytes = Buffer.from(
            Array.from({ length: Math.floor(dice() * 300) }, () => Math.floor(dice() * 256)),
          )
          wire.send(dice() < 0.5 ? bytes : bytes.toString('latin1'))
        }
        await t.pause(100)
        if (wire.close !== undefined)
          oneOf(wire.close.code, [1003, 1007, ...Object.keys(CLOSE).map(Number)], 'close code')
      }
      await witness.ok('ping')
      await isAlive(t)
    }),
    promise('mutated auth frames sign nobody in', RULE, async (t) => {
      const dice = seeded(t.seed + 5)
      const ann = await t.person()
      for (let n = 0; n < 15; n += 1) {
        const wire = await t.wire({})
        wire.send({
          t: 'auth',
          ...mutated(dice, { device: 'x', resume: 'x' }),
          token: dice() < 0.5 ? value(dice) : forged(dice, ann.token),
        })
        await Promise.race([wire.closed(), wire.next('an error', (frame) => frame.t === 'error')])
        ok(!wire.frames.some((frame) => frame.t === 'ready'), 'signed in by a mutated token')
        await wire.end()
      }
    }),
  ],
}
