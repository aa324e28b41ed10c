import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parley } from '../api.ts'
import type { WebSocketConstructor } from '../environment.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { FakeRoom } from '../testing/fake-room.ts'
import type { FakeServer } from '../testing/fake-server.ts'
import { bodiesOf, Harness, online, until } from '../testing/harness.ts'

let harness: Harness
let server: FakeServer
let room: FakeRoom
beforeEach(async () => {
  harness = await Harness.start()
  server = harness.server
  for (const name of ['ann', 'bob']) server.addUser(name)
  room = server.addRoom('r1', 'group', ['u_ann', 'u_bob'])
})
afterEach(() => harness.end())

const state = (client: Parley) => client.connection.get()
const offline = (client: Parley) => until(client.connection, ({ status }) => status === 'offline')
const accepted = (count: number) => server.until(() => server.accepted === count)

function closeAll(code: number, reason: string): void {
  for (const connection of server.connections) connection.close(code, reason)
}

describe('the verdict of a close code', () => {
  test('a cut line is opened again, resuming where it was', async () => {
    const ann = await harness.signIn('ann')
    const cursor = server.cursor
    for (const connection of server.connections) connection.cut()
    await accepted(2)
    expect([...server.connections].at(-1)?.resume).toBe(cursor)
    await online(ann)
  })

  test.each([
    [4000, 'protocol_error'],
    [1009, 'too_large'],
  ])('%i %s: no reconnection, not even when the network is back', async (code, reason) => {
    let wake = () => {}
    const clock = new FakeClock()
    const onWake = (callback: () => void) => {
      wake = callback
      return () => {}
    }
    const ann = await harness.signIn('ann', { clock, onWake })
    closeAll(code, reason)
    expect(await offline(ann)).toEqual({ status: 'offline', transport: null, retryAt: null })
    wake()
    clock.advance(600_000)
    expect(state(ann).status).toBe('offline')
    expect(server.accepted).toBe(1)
    await ann.start()
    await online(ann)
  })

  test.each([
    [4003, 'revoked'],
    [4001, 'expired'],
  ] as const)('%i signs out and says %s, when the session is over', async (code, reason) => {
    const ann = await harness.signIn('ann')
    server.refreshTokens.clear()
    closeAll(code, 'x')
    expect(await until(ann.session, ({ status }) => status === 'signed_out')).toEqual({
      status: 'signed_out',
      reason,
    })
    expect(state(ann).status).toBe('idle')
    expect(ann.rooms.get()).toEqual([])
  })

  test.each([
    [4004, 'token_expired'],
    // The key that signed it was withdrawn.
    [4001, 'unauthenticated'],
  ])('%i refreshes first and resumes at once', async (code, reason) => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    server.expireTokens()
    closeAll(code, reason)
    await accepted(2)
    await online(ann)
    expect(server.restCalls.filter((call) => call.includes('refresh'))).toHaveLength(1)
  })

  test.each([4008, 4010])('%i reconnects at once, without a pause', async (code) => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock, random: () => 0.9 })
    closeAll(code, 'x')
    await accepted(2)
    await online(ann)
  })

  test('a server that says "now" again and again is not hammered', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock, random: () => 0.5 })
    closeAll(4008, 'slow_consumer')
    await accepted(2)
    await online(ann)
    closeAll(4008, 'slow_consumer')
    expect((await offline(ann)).retryAt).toBeGreaterThan(clock.now())
  })

  test.each([4002, 4029, 1006])(
    '%i waits with jitter, longer each time, and says until when',
    async (code) => {
      const clock = new FakeClock()
      const ann = await harness.signIn('ann', { clock, random: () => 0.5 })
      clock.advance(10_000)
      server.sockets = 'refused'
      server.streams = 'refused'
      if (code === 1006) for (const connection of server.connections) connection.cut()
      else closeAll(code, 'x')
      const pauses: number[] = []
      for (let tries = 0; tries < 4; tries++) {
        const { retryAt } = await offline(ann)
        pauses.push((retryAt ?? 0) - clock.now())
        clock.advance(pauses.at(-1) ?? 0)
        await until(ann.connection, ({ status }) => status === 'connecting')
      }
      expect(pauses[0]).toBe(250)
      expect(pauses.every((pause, index) => index === 0 || pause > (pauses[index - 1] ?? 0))).toBe(true)
    },
  )
})

test('when the network is back the next attempt does not wait', async () => {
  let wake = () => {}
  const clock = new FakeClock()
  const onWake = (callback: () => void) => {
    wake = callback
    return () => {}
  }
  const ann = await harness.signIn('ann', { clock, onWake, random: () => 0.9 })
  for (const connection of server.connections) connection.cut()
  await offline(ann)
  wake()
  await online(ann)
  expect(server.accepted).toBe(2)
})

describe('goodbye', () => {
  test('opens the new connection before the old one ends, loses nothing and shows nothing twice', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const timeline = ann.timeline('r1')
    await until(timeline, ({ status }) => status === 'ready')
    const seen: string[] = []
    ann.connection.subscribe(() => seen.push(state(ann).status))
    const [old] = server.connections
    server.sockets = 'silent'
    server.push('u_ann', { t: 'goodbye', within_ms: 10_000 })
    server.say(room, 'u_bob', 'one')
    await until(timeline, ({ items }) => bodiesOf(items).includes('one'))
    clock.advance(3_000)
    await accepted(2)
    // The new one is not ready yet: the old one still delivers.
    server.say(room, 'u_bob', 'two')
    await until(timeline, ({ items }) => bodiesOf(items).includes('two'))
    const fresh = [...server.connections].find((connection) => connection !== old)
    if (fresh === undefined) throw new Error('no new connection')
    fresh.send(server.hello(fresh.id, true))
    await server.until(() => fresh.isReady && server.connections.size === 1)
    server.say(room, 'u_bob', 'three')
    const { items } = await until(timeline, (now) => bodiesOf(now.items).includes('three'))
    expect(bodiesOf(items)).toEqual(['one', 'two', 'three'])
    expect(seen.filter((status) => status !== 'online')).toEqual([])
  })

  test('an answer that is still owed comes over the old connection', async () => {
    const ann = await harness.signIn('ann')
    server.holdAnswersTo = 'react'
    const asked = ann.react('r1', 1, '👍')
    await server.until(() => server.framesOf('react').length === 1)
    server.push('u_ann', { t: 'goodbye', within_ms: 10_000 })
    await accepted(2)
    await server.until(() => [...server.connections].every((connection) => connection.isReady))
    expect(server.connections.size).toBe(2)
    server.release()
    await asked
    await server.until(() => server.connections.size === 1)
    expect(server.framesOf('react')).toHaveLength(1)
  })
})

describe('the stand-by link', () => {
  test('takes over after two sockets failed before hello, and goes on both ways', async () => {
    server.sockets = 'refused'
    const ann = await harness.signIn('ann')
    expect(state(ann).transport).toBe('stream')
    const timeline = ann.timeline('r1')
    await until(timeline, ({ status }) => status === 'ready')
    ann.send('r1', { body: 'from ann' })
    server.say(room, 'u_bob', 'from bob')
    const { items } = await until(timeline, (now) => now.items.length === 4)
    expect(bodiesOf(items).sort()).toEqual(['from ann', 'from bob'])
  })

  test('takes over when a socket opens but no hello comes for five seconds', async () => {
    server.sockets = 'silent'
    const clock = new FakeClock()
    const ann = harness.client({ clock })
    await ann.login({ login: 'ann', password: 'x' })
    await accepted(1)
    clock.advance(4_999)
    expect(state(ann)).toMatchObject({ status: 'connecting' })
    clock.advance(1)
    await online(ann)
    expect(state(ann).transport).toBe('stream')
  })

  test('polls where a proxy holds the stream back', async () => {
    server.sockets = 'refused'
    server.streams = 'silent'
    const clock = new FakeClock()
    const ann = harness.client({ clock })
    await ann.login({ login: 'ann', password: 'x' })
    await offline(ann)
    clock.advance(1)
    await accepted(1)
    clock.advance(5_000)
    await online(ann)
    expect(state(ann).transport).toBe('poll')
    // Polls follow one another after a short pause of the client's clock.
    const turn = setInterval(() => {
      if (server.waitingPolls === 0) clock.advance(300)
    }, 5)
    const timeline = ann.timeline('r1')
    await until(timeline, ({ status }) => status === 'ready')
    server.say(room, 'u_bob', 'by poll')
    await until(timeline, ({ items }) => bodiesOf(items).includes('by poll'))
    ann.send('r1', { body: 'answer' })
    const { items } = await until(
      timeline,
      (now) => now.items.every((item) => item.seq !== null) && now.items.length === 4,
    )
    clearInterval(turn)
    expect(bodiesOf(items)).toEqual(['by poll', 'answer'])
  })

  test('looks for a socket every 30 to 60 seconds and returns to it without a gap', async () => {
    server.sockets = 'refused'
    server.heartbeatMs = 3_600_000
    const clock = new FakeClock()
    let refusalHeard = () => {}
    class Watched extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols)
        this.addEventListener('close', () => setImmediate(refusalHeard))
      }
    }
    const ann = harness.client({ clock, random: () => 0.5, WebSocket: Watched as WebSocketConstructor })
    await ann.login({ login: 'ann', password: 'x' })
    await offline(ann)
    clock.advance(250)
    await online(ann)
    const seen: string[] = []
    ann.connection.subscribe(() => seen.push(state(ann).status))
    clock.advance(44_999)
    expect(server.refused).toBe(2)
    const heard = new Promise<void>((resolve) => {
      refusalHeard = resolve
    })
    clock.advance(1)
    await heard
    expect(server.refused).toBe(3)
    server.sockets = 'open'
    clock.advance(45_000)
    await until(ann.connection, ({ transport }) => transport === 'socket')
    await server.until(() => server.connections.size === 1)
    expect(seen.filter((status) => status !== 'online')).toEqual([])
  })

  test('a server that was only away is met by socket again', async () => {
    const ann = await harness.signIn('ann')
    server.sockets = 'refused'
    server.streams = 'refused'
    for (const connection of server.connections) connection.cut()
    await server.until(() => server.restCalls.some((call) => call.includes('/stream')))
    server.sockets = 'open'
    await online(ann)
    await until(ann.connection, ({ transport }) => transport === 'socket')
  })

  test('without any WebSocket it is the only way', async () => {
    const ann = await harness.signIn('ann', { WebSocket: null })
    expect(state(ann).transport).toBe('stream')
    expect(server.accepted).toBe(1)
  })
})
