import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import { ask, newName, openRoom, type Person, signUp } from './lib/people.ts'
import { openRaw } from './lib/raw-socket.ts'
import { connect, dial, open } from './lib/sockets.ts'

const server = attackedServer()
let victim: Person
let roomName: string

beforeAll(async () => {
  victim = await signUp(server, 'victim')
  roomName = newName('hijack')
  await openRoom(victim, { name: roomName })
})

/** What a browser, or somebody who can bend one, might send; all but the exact origin are somebody else's. */
function foreignOrigins(): (string | undefined)[] {
  const own = `http://localhost:${server.port}`
  return [
    undefined,
    'null',
    '',
    'https://evil.example',
    `http://localhost.evil.example:${server.port}`,
    `http://evil.example/?${own}`,
    `http://localhost:${server.port}@evil.example`,
    `http://localhost:${server.port}0`,
    `https://localhost:${server.port}`,
    'http://localhost',
    `${own}/`,
    ` ${own} x`,
    own.toUpperCase(),
    `HTTP://localhost:${server.port}`,
    `${own}, https://evil.example`,
    'file://',
    'chrome-extension://abcdef',
  ]
}

const SOCKETS = ['/ws', '/ws/join/?name=ROOM', '/ws/ROOM', '/ws/join-notification/']

test.each(SOCKETS)('no other page opens %s with the cookie of its visitor', async (template) => {
  const path = template.replace('ROOM', roomName)
  for (const origin of foreignOrigins()) {
    const headers = { Cookie: victim.cookie, ...(origin === undefined ? {} : { Origin: origin }) }
    expect(await dial(server, { path, headers }), String(origin)).toEqual({ status: 403 })
  }
  const own = { Cookie: victim.cookie, Origin: `http://localhost:${server.port}` }
  const wire = await open(server, { path, headers: own })
  wire.cut()
})

test('a second origin beside the right one does not help', async () => {
  const raw = await openRaw(server, {
    firstBytes:
      `GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: ${victim.cookie}\r\n` +
      `Origin: https://evil.example\r\nOrigin: http://localhost:${server.port}\r\n\r\n`,
  })
  expect((await raw.ended()).toString('latin1')).toMatch(/^HTTP\/1\.1 403/)
})

test('a bearer that is not one does not turn the cookie into one that needs no origin', async () => {
  for (const authorization of ['Basic dXNlcjpwYXNz', 'Digest x', 'Negotiate']) {
    const headers = { Cookie: victim.cookie, Origin: 'https://evil.example', Authorization: authorization }
    expect(await dial(server, { headers }), authorization).toEqual({ status: 403 })
  }
  for (const authorization of ['Bearer', 'Bearer nonsense', 'bearer  a b']) {
    const headers = { Cookie: victim.cookie, Origin: 'https://evil.example', Authorization: authorization }
    const dialled = await dial(server, { headers })
    if ('status' in dialled) expect(dialled.status).toBe(403)
    else {
      const { wire } = dialled
      // Judged by the bearer alone: refused at once, or asked to authenticate by a frame.
      const hello = await wire.next((frame) => frame.t === 'hello')
      if (hello.auth_required === true) wire.cut()
      else expect((await wire.closed).code).toBe(4001)
      expect(wire.frames.some((frame) => frame.t === 'ready')).toBe(false)
    }
  }
})

test('a page elsewhere can neither read the stand-by link nor write through it', async () => {
  const headers = { cookie: victim.cookie, origin: 'https://evil.example' }
  const polled = await ask(server, 'GET', '/stream?poll=1', { headers })
  // A browser keeps the answer from the page: no permission is given to read it, nor to embed it.
  expect(polled.headers.get('access-control-allow-origin')).toBeNull()
  expect(polled.headers.get('cross-origin-resource-policy')).toBe('same-origin')
  const wire = await connect(server, victim)
  const session = String(wire.frames.find((frame) => frame.t === 'ready')?.session)
  for (const origin of foreignOrigins()) {
    const answer = await ask(server, 'POST', `/stream/${session}`, {
      headers: { cookie: victim.cookie, ...(origin === undefined ? {} : { origin }) },
      body: { t: 'ping', id: 1 },
    })
    expect(answer.code, String(origin)).toBe('bad_origin')
  }
  wire.cut()
})

test('no form or page elsewhere signs in, up or out, refreshes or uses the older doors', async () => {
  const posts: [path: string, body?: unknown][] = [
    ['/auth/login', { login: victim.username, password: 'correct horse battery' }],
    ['/auth/register', { username: newName('forged'), password: 'correct horse battery' }],
    ['/auth/refresh'],
    ['/auth/logout'],
    ['//api/user/login/', { username: victim.username, password: 'correct horse battery' }],
    ['//api/user/signup/', { username: newName('forged'), password: 'correct horse battery' }],
    ['//api/room/create/', { name: newName('forged') }],
  ]
  for (const [path, body] of posts) {
    for (const origin of ['https://evil.example', 'null']) {
      const answer = await ask(server, 'POST', path, { body, headers: { cookie: victim.cookie, origin } })
      expect([answer.status, answer.code, answer.headers.getSetCookie()], path).toEqual([
        403,
        'bad_origin',
        [],
      ])
    }
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const answer = await ask(server, 'POST', '/auth/login', {
      body: JSON.stringify({ login: victim.username, password: 'correct horse battery' }),
      headers: { 'content-type': type },
    })
    expect(answer.code, type).toBe('unsupported_media_type')
  }
})

test('a token in the URL is not looked at, wherever it is put', async () => {
  const names = ['token', 'access_token', 'auth', 'jwt', 'authorization', 'parley_access']
  for (const name of names) {
    const query = `?${name}=${victim.token}`
    expect((await ask(server, 'GET', `/users/me${query}`)).status, name).toBe(401)
    expect((await ask(server, 'GET', `/stream${query}`)).status, name).toBe(401)
    const wire = await open(server, { path: `/ws${query}` })
    expect((await wire.next((frame) => frame.t === 'hello')).auth_required, name).toBe(true)
    expect((await wire.request('ping')).code).toBe('unauthenticated')
    wire.cut()
    const seed = await open(server, { path: `/ws/${roomName}${query}` })
    expect((await seed.closed).code, name).toBe(1008)
  }
  await assertUnhurt(server)
})

test('a token is not taken from the subprotocol either, and is not sent back', async () => {
  const wire = await open(server, { protocols: ['parley.v1', `bearer.${victim.token}`] })
  expect(wire.socket.protocol).toBe('parley.v1')
  expect((await wire.next((frame) => frame.t === 'hello')).auth_required).toBe(true)
  wire.cut()
})
