import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { FakeServer } from '../testing/fake-server.ts'
import { Harness, online, until } from '../testing/harness.ts'
import { openBrowser } from '../testing/open-browser.ts'

let harness: Harness
let server: FakeServer
beforeEach(async () => {
  harness = await Harness.start()
  server = harness.server
  server.addUser('ann')
  // These tests move the clock by minutes at once; the heartbeat has its own.
  server.heartbeatMs = 86_400_000
})
afterEach(() => harness.end())

const refreshes = () => server.restCalls.filter((call) => call === 'POST /auth/refresh').length

describe('looking for a session', () => {
  test('finds none: signed out, without a reason and without a connection', async () => {
    const nobody = harness.client()
    expect(nobody.session.get()).toEqual({ status: 'unknown' })
    await nobody.start()
    expect(nobody.session.get()).toEqual({ status: 'signed_out' })
    expect(nobody.connection.get().status).toBe('idle')
  })

  test('a kept refresh token goes on after a restart of the program', async () => {
    const storage = memoryStorage()
    const first = await harness.signIn('ann', { storage })
    await first.stop()
    server.expireTokens()
    const second = harness.client({ storage })
    await second.start()
    await online(second)
    expect(second.session.get()).toMatchObject({ status: 'signed_in', user: { username: 'ann' } })
  })

  test('goes on looking while the server is away, and says when', async () => {
    const storage = memoryStorage()
    await (await harness.signIn('ann', { storage })).stop()
    const port = Number(new URL(server.url).port)
    await server.stop()
    const clock = new FakeClock()
    const ann = harness.client({ storage, clock, random: () => 0.5 })
    await ann.start()
    expect(ann.session.get()).toEqual({ status: 'unknown' })
    expect(ann.connection.get()).toEqual({ status: 'offline', transport: null, retryAt: clock.now() + 250 })
    await server.listen(port)
    clock.advance(250)
    await online(ann)
  })
})

describe('an expired token', () => {
  test('is refreshed once, however many calls run into it, and each call gets its answer', async () => {
    const ann = await harness.signIn('ann')
    server.expireTokens()
    const answers = await Promise.all([
      ann.onlineUsers(),
      ann.onlineUsers(),
      ann.createRoom({ kind: 'group' }),
    ])
    expect(answers[2].kind).toBe('group')
    expect(refreshes()).toBe(1)
  })

  test('is renewed before its end, on the living connection', async () => {
    const clock = new FakeClock()
    await harness.signIn('ann', { clock })
    clock.advance((900 - 61) * 1_000)
    expect(refreshes()).toBe(0)
    clock.advance(1_000)
    await server.until(() => server.framesOf('auth').length === 1)
    const [frame] = server.framesOf('auth')
    expect(server.tokens.get(frame?.token ?? '')).toEqual({ user: 'u_ann', expired: false })
    expect(server.accepted).toBe(1)
    expect(refreshes()).toBe(1)
  })

  test('is renewed again before the next end', async () => {
    const clock = new FakeClock()
    await harness.signIn('ann', { clock })
    for (let times = 1; times <= 3; times++) {
      clock.advance(870_000)
      await server.until(() => server.framesOf('auth').length === times)
    }
    expect(refreshes()).toBe(3)
  })

  test('that cannot be refreshed signs out and says why', async () => {
    const ann = await harness.signIn('ann')
    server.expireTokens()
    server.refreshTokens.clear()
    await expect(ann.onlineUsers()).rejects.toMatchObject({ code: 'token_expired' })
    expect(ann.session.get()).toEqual({ status: 'signed_out', reason: 'expired' })
    expect(ann.connection.get().status).toBe('idle')
    expect(ann.rooms.get()).toEqual([])
  })

  test('signs nobody out while the server cannot be asked', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const port = Number(new URL(server.url).port)
    await server.stop()
    clock.advance(880_000)
    await until(ann.connection, ({ status }) => status === 'offline')
    expect(ann.session.get().status).toBe('signed_in')
    await server.listen(port)
    clock.advance(60_000)
    await online(ann)
  })

  test('is refreshed by one tab for all', async () => {
    const browser = openBrowser()
    const first = await harness.signIn('ann', browser)
    const second = harness.client(browser)
    await second.start()
    await online(second)
    server.expireTokens()
    await Promise.all([first.onlineUsers(), second.onlineUsers()])
    expect(refreshes()).toBe(1)
  })
})

test('with cookies no token is kept where a script can read it', async () => {
  const browser = openBrowser()
  const ann = await harness.signIn('ann', { ...browser, tokens: 'cookie', fetch: browser.fetchWithCookies })
  expect(await ann.onlineUsers()).toEqual([])
  expect(JSON.stringify(await browser.storage.list(''))).not.toMatch(/access-|refresh-/)
})

describe('tabs of one browser share who is signed in', () => {
  const tab = (browser: ReturnType<typeof openBrowser>) =>
    harness.client({ ...browser, tokens: 'cookie', fetch: browser.fetchWithCookies })

  test('logging out in one signs out the other', async () => {
    const browser = openBrowser()
    const [left, right] = [tab(browser), tab(browser)]
    await left.login({ login: 'ann', password: 'x' })
    await right.start()
    await Promise.all([online(left), online(right)])
    await left.logout()
    await until(right.session, ({ status }) => status === 'signed_out')
    expect(right.rooms.get()).toEqual([])
  })

  test('signing in as somebody else in one changes the other, which shows nothing of the first any more', async () => {
    server.addUser('bob')
    server.addRoom('r1', 'group', ['u_ann'])
    const browser = openBrowser()
    const [left, right] = [tab(browser), tab(browser)]
    await left.login({ login: 'ann', password: 'x' })
    await right.start()
    await until(right.rooms, (rooms) => rooms.length === 1)
    await left.login({ login: 'bob', password: 'x' })
    await until(right.session, (state) => state.status === 'signed_in' && state.user.username === 'bob')
    await online(right)
    expect(right.rooms.get()).toEqual([])
  })
})

test('a server that says somebody else is signed in is believed, and nothing of the first is left', async () => {
  server.addUser('bob')
  server.addRoom('r1', 'group', ['u_ann'])
  const browser = openBrowser()
  const ann = harness.client({
    ...browser,
    openChannel: null,
    tokens: 'cookie',
    fetch: browser.fetchWithCookies,
  })
  await ann.login({ login: 'ann', password: 'x' })
  await until(ann.rooms, (rooms) => rooms.length === 1)
  browser.setCookie(server.signIn('u_bob').access_token)
  for (const token of server.tokens.values()) token.user = 'u_bob'
  for (const connection of server.connections) connection.cut()
  await until(ann.session, (state) => state.status === 'signed_in' && state.user.username === 'bob')
  await online(ann)
  expect(ann.rooms.get()).toEqual([])
})

test('starting twice at once, or stopping and starting again, is one session and one connection', async () => {
  const storage = memoryStorage()
  await (await harness.signIn('ann', { storage })).stop()
  await server.until(() => server.connections.size === 0)
  const ann = harness.client({ storage })
  const first = ann.start()
  await ann.stop()
  await Promise.all([first, ann.start(), ann.start()])
  await online(ann)
  expect(server.connections.size).toBe(1)
})

test('logging out ends session and connection here even if the server is away', async () => {
  const storage = memoryStorage()
  const ann = await harness.signIn('ann', { storage })
  await server.stop()
  await ann.logout()
  expect(ann.session.get()).toEqual({ status: 'signed_out' })
  expect(ann.connection.get().status).toBe('idle')
  expect(await storage.list('')).toEqual([])
})

test('errors of the server reach the caller with their code', async () => {
  const ann = harness.client()
  await expect(ann.login({ login: 'nobody', password: 'x' })).rejects.toMatchObject({
    name: 'ParleyError',
    code: 'bad_credentials',
    message: 'The name or the password is wrong.',
  })
  const signedIn = await harness.signIn('ann')
  await expect(signedIn.members('nowhere')).rejects.toMatchObject({ code: 'not_found' })
})
