import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer, setupCode } from './lib/attacked.ts'
import { WAYS } from './lib/links.ts'
import {
  ask,
  expectStatus,
  type Json,
  newName,
  openRoom,
  PASSWORD,
  type Person,
  say,
  signIn,
  signUp,
} from './lib/people.ts'
import { connect, dial, open } from './lib/sockets.ts'

const server = attackedServer({
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'lib/shift-clock.mjs'))}`,
})

let admin: Person
let roomName: string
let room: string

beforeAll(async () => {
  admin = await signUp(server, 'admin')
  expectStatus(await admin.ask('POST', '/admin/setup', { body: { code: await setupCode(server) } }), 204)
  roomName = newName('lobby')
  room = await openRoom(admin, { name: roomName })
})

async function deviceOf(person: Person): Promise<string> {
  const { devices } = (await person.ask('GET', '/auth/devices')).body as { devices: Json[] }
  return String(devices.find((device) => device.current === true)?.id)
}

/** Each ends `stolen`, a device of `owner`. */
const endings: { name: string; end: (owner: Person, stolen: Person) => Promise<unknown> }[] = [
  { name: 'it logs out', end: (_owner, stolen) => stolen.ask('POST', '/auth/logout') },
  {
    name: 'its owner revokes it elsewhere',
    end: async (owner, stolen) =>
      expectStatus(await owner.ask('DELETE', `/auth/devices/${await deviceOf(stolen)}`), 204),
  },
  {
    name: 'its owner changes the password elsewhere',
    end: async (owner) =>
      expectStatus(
        await owner.ask('POST', '/auth/password', { body: { current: PASSWORD, next: `${PASSWORD} 2` } }),
        204,
      ),
  },
  {
    name: 'an administrator disables the account',
    end: async (owner) => expectStatus(await admin.ask('PUT', `/users/${owner.id}/disabled`), 204),
  },
  {
    name: 'its refresh token is used a second time, by whoever',
    async end(_owner, stolen) {
      const body = { refresh_token: stolen.refreshToken }
      const second = expectStatus(await ask(server, 'POST', '/auth/refresh', { body }), 200)
      expectStatus(
        await ask(server, 'POST', '/auth/refresh', { body: { refresh_token: second.refresh_token } }),
        200,
      )
      expectStatus(await ask(server, 'POST', '/auth/refresh', { body }), 401)
    },
  },
]

test.each(endings)(
  'when $name, every connection of a device ends and nothing opens again',
  async (ending) => {
    const owner = await signUp(server, 'owner')
    const stolen = await signIn(server, owner)
    expectStatus(await owner.ask('POST', `/rooms/${room}/join`), 200)
    const lives = await Promise.all(WAYS.map((way) => way.open(server, stolen, roomName)))
    await ending.end(owner, stolen)
    // The very next request, not the one after the news has gone round.
    expect((await stolen.ask('GET', '/users/me')).code).toBe('unauthenticated')
    const codes = await Promise.all(lives.map((live) => live.over))
    expect(codes).toEqual(WAYS.map(() => 4003))

    await say(admin, room, `after ${ending.name}`)
    expect(lives.map((live) => live.seen()).join()).not.toContain(`after ${ending.name}`)
    expect((await stolen.ask('GET', '/stream?poll=1')).code).toBe('unauthenticated')
    const refreshed = await ask(server, 'POST', '/auth/refresh', {
      body: { refresh_token: stolen.refreshToken },
    })
    expect(refreshed.code).toBe('unauthenticated')
    const again = await open(server, { headers: { Authorization: `Bearer ${stolen.token}` } })
    expect((await again.closed).code).toBe(4001)
    const seed = await open(server, {
      path: `/ws/${roomName}`,
      headers: { Authorization: `Bearer ${stolen.token}` },
    })
    expect((await seed.closed).code).toBe(1008)
  },
)

test('what one device does to itself leaves the others alone', async () => {
  const owner = await signUp(server, 'owner')
  const other = await signIn(server, owner)
  const wire = await connect(server, owner)
  await other.ask('POST', '/auth/logout')
  expect((await wire.request('ping')).t).toBe('ok')
  await owner.ask('POST', '/auth/password', { body: { current: PASSWORD, next: `${PASSWORD} 3` } })
  expect((await wire.request('ping')).t).toBe('ok')
  wire.cut()
})

test('a request on the stand-by link is refused once its device was revoked, although the session lives elsewhere', async () => {
  const owner = await signUp(server, 'owner')
  const stolen = await signIn(server, owner)
  const wire = await connect(server, owner)
  const polled = (await stolen.ask('GET', '/stream?poll=1')).body as { frames: Json[] }
  const session = polled.frames.find((frame) => frame.t === 'ready')?.session
  await stolen.ask('POST', '/auth/logout')
  const body = { t: 'send', id: 1, room, client_id: newName('client'), body: 'from the grave' }
  expect((await stolen.ask('POST', `/stream/${session}`, { body })).code).toBe('unauthenticated')
  wire.cut()
})

test('a socket cannot be kept by renewing it with the token of somebody else, or of a revoked device', async () => {
  const owner = await signUp(server, 'owner')
  const other = await signUp(server, 'other')
  const revoked = await signIn(server, owner)
  await revoked.ask('POST', '/auth/logout')
  const wire = await connect(server, owner)
  expect((await wire.request('auth', { token: other.token })).code).toBe('forbidden')
  expect((await wire.request('auth', { token: revoked.token })).code).toBe('unauthenticated')
  const me = wire.frames.find((frame) => frame.t === 'ready')?.user as Json
  expect(me.id).toBe(owner.id)
  const renewed = await signIn(server, owner)
  expect((await wire.request('auth', { token: renewed.token })).t).toBe('ok')
  // It belongs to the device of the token now, and ends with it.
  await renewed.ask('POST', '/auth/logout')
  expect((await wire.closed).code).toBe(4003)
})

test('signing out while an older door is still being opened leaves no door open', async () => {
  const names = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const name = newName('race')
      return { name, room: await openRoom(admin, { name }) }
    }),
  )
  for (const { name, room: id } of names) {
    const stolen = await signUp(server, 'stolen')
    // Each renaming takes the room's lock, so that joining has to wait behind them.
    const renamings = Array.from({ length: 25 }, () => admin.ask('PATCH', `/rooms/${id}`, { body: { name } }))
    const dialled = dial(server, {
      path: `/ws/${name}`,
      headers: { Authorization: `Bearer ${stolen.token}` },
    })
    const [opened] = await Promise.all([dialled, stolen.ask('POST', '/auth/logout')])
    await Promise.all(renamings)
    if ('wire' in opened) expect([1008, 4003]).toContain((await opened.wire.closed).code)
  }
})

test("a disabled account is kept out by every door, and let in again when that's over", async () => {
  const person = await signUp(server, 'barred')
  expectStatus(await admin.ask('PUT', `/users/${person.id}/disabled`), 204)
  const tries = [
    ask(server, 'POST', '/auth/login', { body: { login: person.username, password: PASSWORD } }),
    ask(server, 'POST', '//api/user/login/', { body: { username: person.username, password: PASSWORD } }),
    ask(server, 'POST', '/auth/refresh', { body: { refresh_token: person.refreshToken } }),
  ]
  for (const answer of await Promise.all(tries)) {
    expect([401, 403]).toContain(answer.status)
    expect(answer.text).not.toContain('token"')
  }
  // With a wrong password nobody learns that there is such an account.
  const guess = { login: person.username, password: 'not the password' }
  expect((await ask(server, 'POST', '/auth/login', { body: guess })).code).toBe('bad_credentials')
  expectStatus(await admin.ask('DELETE', `/users/${person.id}/disabled`), 204)
  expect((await person.ask('GET', '/users/me')).code).toBe('unauthenticated')
  await signIn(server, person)
})

test('a token of an older door ends with its device, a day or not', async () => {
  const username = newName('seed')
  const signup = await ask(server, 'POST', '//api/user/signup/', {
    body: { username, password: PASSWORD, email: `${username}@example.com` },
  })
  const token = String(expectStatus(signup, 201).token)
  expect(signup.headers.getSetCookie()).toEqual([])
  const wire = await open(server, {
    path: '/ws/join-notification/',
    headers: { Authorization: `Bearer ${token}` },
  })
  expectStatus(await ask(server, 'POST', '/auth/logout', { token }), 204)
  expect((await wire.closed).code).toBe(4003)
  expect((await ask(server, 'GET', '/users/me', { token })).code).toBe('unauthenticated')
})

// Last: it sets the server's time of day on.
test('an expired token opens nothing, and a socket with one does nothing more', async () => {
  const person = await signUp(server, 'late')
  const renewing = await signIn(server, person)
  const idle = await connect(server, person)
  const lasting = await connect(server, renewing)
  process.kill(server.pid, 'SIGUSR2')
  await expect.poll(() => person.ask('GET', '/users/me').then(({ code }) => code)).toBe('token_expired')

  const send = { room, client_id: newName('client'), body: 'too late' }
  idle.send({ t: 'send', id: 1, ...send })
  expect((await idle.closed).code).toBe(4004)
  expect(idle.frames.some((frame) => frame.id === 1)).toBe(false)
  const again = await open(server, { headers: { Authorization: `Bearer ${person.token}` } })
  expect((await again.closed).code).toBe(4004)

  // A refresh and a renewal in time keep a socket.
  const body = { refresh_token: renewing.refreshToken }
  const fresh = expectStatus(await ask(server, 'POST', '/auth/refresh', { body }), 200)
  expect((await lasting.request('auth', { token: fresh.access_token })).t).toBe('ok')
  expect((await lasting.request('ping')).t).toBe('ok')
  lasting.cut()
  await assertUnhurt(server)
})
