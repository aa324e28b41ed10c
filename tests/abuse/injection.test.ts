import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import {
  ask,
  expectStatus,
  type Json,
  newAddress,
  newName,
  openRoom,
  type Person,
  say,
  signUp,
} from './lib/people.ts'
import { openRaw } from './lib/raw-socket.ts'
import { connect, dial, type Wire } from './lib/sockets.ts'

/** Everything is logged here: what can be forged in a log line is forged in this one. So much is asked that no limit may hold. */
const server = attackedServer({ PARLEY_LOG: 'trace', PARLEY_RATE_LIMITS: 'off' })

let ann: Person
let room: string
beforeAll(async () => {
  ann = await signUp(server, 'ann', { display_name: 'Ann' })
  room = await openRoom(ann, { name: newName('plain') })
  await say(ann, room, 'nothing special')
})

/** Ten bad frames close a socket, so each attempt has its own. */
async function onSocket<Result>(work: (wire: Wire) => Promise<Result>): Promise<Result> {
  const wire = await connect(server, ann)
  try {
    return await work(wire)
  } finally {
    wire.cut()
  }
}

const request = (t: string, fields: Json) => onSocket((wire) => wire.request(t, fields))
/** Whatever a text is answered with. */
const answerTo = (text: string) =>
  onSocket((wire) => {
    const since = wire.frames.length
    wire.send(text)
    return wire.next((frame) => frame.t === 'ok' || frame.t === 'error', since)
  })

const METACHARACTERS = [
  "'",
  "''; drop table rooms.entry; --",
  "' or '1'='1",
  "1' union select password_hash from auth.account --",
  '\\',
  "\\'",
  '$1',
  '$$',
  '%',
  '_',
  '%%%',
  '____',
  '\\%',
  '\\_',
  '[a-z]',
  '％',
  '＿',
  '＼',
  '/* */',
  "'||pg_sleep(5)||'",
  '{}',
  '(.*)+$',
  '&|!:*',
  '#{7*7}',
  '<script>alert(1)</script>',
]

test.each(METACHARACTERS)('%s is text like any other to whatever searches', async (text) => {
  const query = encodeURIComponent(text)
  const startedAt = performance.now()
  for (const path of [`/search?query=${query}`, `/users?query=${query}`, `/rooms/search?query=${query}`]) {
    const found = expectStatus(await ann.ask('GET', path), 200)
    expect(found.messages ?? found.users ?? found.rooms, path).toEqual([])
  }
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  // As soon as somebody says it, it is found, and only it.
  const other = await openRoom(ann, { kind: 'group' })
  const seq = await say(ann, other, `look: ${text} !`)
  const { messages } = expectStatus(await ann.ask('GET', `/search?query=${query}&room=${other}`), 200)
  expect((messages as Json[]).map((message) => message.seq)).toEqual([seq])
  expectStatus(await ann.ask('DELETE', `/rooms/${other}`), 204)
})

test('metacharacters in names, bodies and emoji come back as they went in', async () => {
  const text = METACHARACTERS.join(' ')
  const name = `${METACHARACTERS.slice(0, 3).join(' ')} ${newName('x')}`
  const id = await openRoom(ann, { name })
  expect(((await ann.ask('GET', `/rooms/${id}`)).body.room as Json).name).toBe(name)
  const seq = await say(ann, id, text)
  const { message } = expectStatus(await ann.ask('GET', `/rooms/${id}/messages/${seq}`), 200)
  expect((message as Json).body).toBe(text)
  for (const emoji of ["'", '%27', '👍👍', 'x', '\\', '%F0%9F%91%8D%00', '%ED%A0%80']) {
    const answer = await ann.ask('PUT', `/rooms/${id}/messages/${seq}/reactions/${emoji}`)
    expect([400, 404], emoji).toContain(answer.status)
  }
})

const BROKEN = ['a\0b', '\ud800', 'x\udc00y', '\udbff']

test.each(BROKEN)('text that cannot be stored is refused everywhere: %j', async (text) => {
  const bodies: [method: string, path: string, body: Json][] = [
    ['POST', `/rooms/${room}/messages`, { client_id: newName('client'), body: text }],
    ['POST', '/rooms', { kind: 'public', name: text }],
    ['PATCH', '/users/me', { display_name: text }],
    ['POST', '/auth/login', { login: text, password: text }],
    ['POST', '/auth/register', { username: newName('nul'), password: `long enough ${text}` }],
    ['POST', '/admin/setup', { code: text }],
    ['POST', `/rooms/${room}/members`, { username: text }],
  ]
  for (const [method, path, body] of bodies) {
    const answer = await ann.ask(method, path, { body, address: newAddress() })
    expect(answer.code, path).toBe('invalid_request')
  }
  for (const fields of [
    { t: 'send', room, client_id: newName('client'), body: text },
    { t: 'edit', room, target: 2, body: text },
  ]) {
    expect((await request(fields.t, fields)).code).toBe('invalid_request')
  }
})

test('paths and queries that cannot be decoded, or hold NUL, find nothing', async () => {
  for (const tail of [
    '%00',
    '%ff',
    '%ed%a0%80',
    '%',
    '%zz',
    '..%2f..%2f',
    '%2e%2e',
    'a%00b',
    "'%20or%201=1",
  ]) {
    for (const path of [`/rooms/${tail}`, `/users/${tail}`, `/rooms/${room}/messages/${tail}`]) {
      const answer = await ann.ask('GET', path)
      expect([400, 404], path).toContain(answer.status)
    }
    for (const path of [`/users?query=${tail}x%00`, `/search?query=%00${tail}`, `/rooms?cursor=${tail}`]) {
      const answer = await ann.ask('GET', path)
      expect([200, 400, 404], path).toContain(answer.status)
    }
    const dialled = await dial(server, {
      path: `/ws?resume=${tail}`,
      headers: { Authorization: `Bearer ${ann.token}` },
    })
    if ('wire' in dialled) {
      const ready = await dialled.wire.next((frame) => frame.t === 'ready')
      expect(ready.mode, tail).toBe('snapshot')
      dialled.wire.cut()
    }
  }
})

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

test('a cursor somebody made up is a cursor or a mistake, never a defect', async () => {
  const numbers = [1.5, 1e300, -1, 2 ** 53, 2 ** 63, Number.MIN_VALUE, null, '1', [], {}, true]
  const made = [
    ...numbers.map((count) => ({ count, id: 'x' })),
    ...numbers.map((seq) => ({ at: 1, room: 'x', seq })),
    ...numbers.map((at) => ({ at, room: 'x', seq: 1 })),
    ...numbers.map((last) => ({ last, id: 'x', since: '1' })),
    ...numbers.map((joined) => ({ joined, user: 'x' })),
    { last: 1, id: "' or 1=1 --", since: '9999999999999999999' },
    { last: 1, id: '\ud800', since: '99999999999999999999' },
    { last: 1, id: 'x'.repeat(101), since: '-1' },
    { __proto__: null, constructor: 1 },
    '[]',
    'null',
    '"x"',
    '{',
  ].map(encode)
  const tokens = [...made, '0:zz', '1:~', '2:a', 'x'.repeat(200), '__proto__', '1'.repeat(20)]
  const paths = [
    '/rooms?cursor=',
    '/rooms/search?cursor=',
    '/search?query=special&cursor=',
    `/rooms/${room}/members?cursor=`,
    '/users?cursor=',
    '/users?online=1&cursor=',
  ]
  for (const token of tokens) {
    const answers = await Promise.all(paths.map((path) => ann.ask('GET', `${path}${token}`)))
    for (const answer of answers) expect([200, 400], `${token}: ${answer.text}`).toContain(answer.status)
    const page = await request('rooms', { next: token })
    if (page.t === 'error') expect(page.code).toBe('invalid_request')
  }
  await assertUnhurt(server)
})

test('numbers at and beyond the ends are answered, not thrown', async () => {
  const ends = [
    '0',
    '9007199254740991',
    '9007199254740992',
    '99999999999999999',
    '-1',
    '1e3',
    '0x10',
    '1.5',
    'NaN',
  ]
  for (const end of ends) {
    for (const path of [
      'messages?before=',
      'messages?after=',
      'messages?around=',
      'log?after=',
      'messages/',
    ]) {
      const answer = await ann.ask('GET', `/rooms/${room}/${path}${end}`)
      expect([200, 400, 404], `${path}${end}`).toContain(answer.status)
    }
  }
  for (const value of [0, -1, 1.5, 2 ** 53, 1e308, '1', null, [1]]) {
    expect((await request('delete', { room, target: value })).code).toMatch(/^(invalid_request|not_found)$/)
    const marked = await request('mark', { room, read: value })
    expect(['ok', 'error']).toContain(marked.t)
  }
  await assertUnhurt(server)
})

test('no key reaches a prototype', async () => {
  const bodies = [
    '{"display_name":"x","__proto__":{"admin":true}}',
    '{"display_name":"x","constructor":{"prototype":{"admin":true}}}',
    '{"display_name":"x","a":{"b":{"__proto__":{"admin":true}}}}',
  ]
  for (const body of bodies) expect((await ann.ask('PATCH', '/users/me', { body })).code).toBe('invalid_json')
  for (const query of ['__proto__[admin]=1', 'constructor[prototype][admin]=1', 'limit[__proto__]=1'])
    expect([200, 400]).toContain((await ann.ask('GET', `/rooms?${query}`)).status)
  const frame = `{"t":"ping","id":901,"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}`
  expect(await answerTo(frame)).toMatchObject({ t: 'ok', id: 901 })
  expect((await ann.ask('GET', '/users/me')).body.admin).toBe(false)
  const bob = await signUp(server, 'bob')
  expect((await bob.ask('GET', '/users/me')).body.admin).toBe(false)
})

test('deep, wide and repeated JSON is refused or read at once', async () => {
  const bodies = [
    '['.repeat(60_000),
    `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`,
    `{"display_name":"x",${Array.from({ length: 5_000 }, (_, key) => `"k${key}":1`).join(',')}}`,
    `{${'"display_name":"y",'.repeat(3_000)}"display_name":"x"}`,
    `{"display_name":${'9'.repeat(60_000)}}`,
    `{"display_name":"${'\\u0041'.repeat(10_000)}"}`,
  ]
  for (const body of bodies) {
    const startedAt = performance.now()
    const answer = await ann.ask('PATCH', '/users/me', { body })
    expect([200, 400], body.slice(0, 30)).toContain(answer.status)
    const told = await answerTo(`{"t":"ping","id":950,"x":${body.slice(0, 65_000)}}`)
    expect(['ok', 'error']).toContain(told.t)
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  }
})

test('no text makes the server think for long', async () => {
  const texts = [
    '@'.repeat(8_000),
    '@a'.repeat(4_000),
    `@${'a'.repeat(7_999)}`,
    `@${'a-._'.repeat(1_999)}`,
    `${'a'.repeat(7_000)}@${'b'.repeat(900)}`,
    '\u0301'.repeat(8_000),
    'e\u0301'.repeat(4_000),
    '👨‍👩‍👧‍👦'.repeat(700),
    '\u202e'.repeat(8_000),
    '﷽'.repeat(8_000),
    '\u0001'.repeat(7_998).concat('x'),
  ]
  for (const text of texts) {
    const startedAt = performance.now()
    const answer = await request('send', { room, client_id: newName('client'), body: text })
    expect(['ok', 'error']).toContain(answer.t)
    expect(performance.now() - startedAt, text.slice(0, 5)).toBeLessThan(2_000)
  }
  const names = [
    'a'.repeat(60_000),
    'a.'.repeat(200),
    '-'.repeat(300),
    `${'a'.repeat(5_000)}@${'b'.repeat(5_000)}.c`,
  ]
  for (const name of names) {
    const startedAt = performance.now()
    for (const body of [
      { username: name, password: 'x' },
      { username: newName('x'), password: 'long enough', email: name },
      { username: newName('x'), password: 'long enough', display_name: name },
    ]) {
      expect((await ask(server, 'POST', '/auth/register', { body, address: newAddress() })).status).toBe(400)
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  }
})

test('nobody writes lines of the log, and no secret is in it', async () => {
  const forged = '{"level":"fatal","msg":"forged"}'
  for (const header of [
    'User-Agent',
    'X-Request-Id',
    'Referer',
    'X-Forwarded-For',
    'Host',
    'Origin',
    'Cookie',
  ]) {
    const raw = await openRaw(server, {
      firstBytes: `GET /api/v1/users/me?${encodeURIComponent(`\n${forged}`)} HTTP/1.1\r\n${
        header === 'Host' ? '' : 'Host: x\r\n'
      }${header}: x\u001b[31m${forged}\u0085${forged}\r\nConnection: close\r\n\r\n`,
    })
    await raw.ended()
  }
  await ask(server, 'POST', '/auth/login', {
    body: { login: `\n${forged}\r\n`, password: 'my secret password' },
    headers: { 'user-agent': `${forged}\t${forged}` },
  })
  await ann.ask('GET', `/search?query=${encodeURIComponent(`\n${forged}`)}`)
  await request('send', { room, client_id: newName('client'), body: `\n${forged}\nmy secret words` })
  await ask(server, 'POST', '/auth/refresh', { body: { refresh_token: ann.refreshToken } })
  const stopped = await ask(server, 'GET', '//healthz')
  expect(stopped.status).toBe(200)

  const lines = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  expect(lines.length).toBeGreaterThan(10)
  for (const line of lines) {
    const { level, msg } = JSON.parse(line) as Json
    expect([level, msg]).not.toEqual(['fatal', 'forged'])
  }
  const output = server.output()
  for (const secret of [ann.token, ann.refreshToken, 'my secret', 'correct horse', '\u001b[31m'])
    expect(output).not.toContain(secret)
  await assertUnhurt(server)
})
