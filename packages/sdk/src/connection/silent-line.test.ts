import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parley } from '../api.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { FakeRoom } from '../testing/fake-room.ts'
import type { FakeServer } from '../testing/fake-server.ts'
import { Harness, online, until } from '../testing/harness.ts'

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
const accepted = (count: number) => server.until(() => server.accepted === count)

test('is cut after two heartbeats without a word, answers to own pings included', async () => {
  const clock = new FakeClock()
  const ann = await harness.signIn('ann', { clock })
  server.frozen = true
  clock.advance(25_000)
  await server.until(() => server.framesOf('ping').length === 1)
  expect(state(ann).status).toBe('online')
  server.frozen = false
  clock.advance(25_000)
  await accepted(2)
  await online(ann)
})

test('an answered ping keeps the line and brings the newest cursor', async () => {
  const clock = new FakeClock()
  const ann = await harness.signIn('ann', { clock })
  server.say(room, 'u_bob', 'hi')
  for (let beat = 1; beat <= 4; beat++) {
    clock.advance(25_000)
    await server.until(() => server.framesOf('ping').length === beat)
    // The answer has arrived once a later request is answered.
    await ann.react('r1', 3, '👍').catch(() => {})
  }
  expect(server.accepted).toBe(1)
  const { cursor } = server
  clock.advance(25_000)
  await server.until(() => server.framesOf('ping').length === 5)
  await ann.react('r1', 3, '👍').catch(() => {})
  for (const connection of server.connections) connection.cut()
  await until(ann.connection, ({ status }) => status !== 'online')
  clock.advance(1)
  await accepted(2)
  expect([...server.connections].at(-1)?.resume).toBe(cursor)
})

describe('after a wake-up', () => {
  let wake: () => void
  let clock: FakeClock
  let ann: Parley
  beforeEach(async () => {
    clock = new FakeClock()
    const onWake = (callback: () => void) => {
      wake = callback
      return () => {}
    }
    ann = await harness.signIn('ann', { clock, onWake })
    clock.advance(1_000)
    server.frozen = true
  })
  const doubt = async () => {
    const pings = server.framesOf('ping').length
    wake()
    await server.until(() => server.framesOf('ping').length === pings + 1)
    clock.advance(1_000)
  }

  test('another connection is there a second later, and is never missed', async () => {
    const seen: string[] = []
    ann.connection.subscribe(() => seen.push(state(ann).status))
    wake()
    await server.until(() => server.framesOf('ping').length === 1)
    server.frozen = false
    clock.advance(1_000)
    const isReady = () => [...server.connections].filter((one) => one.isReady).length === 2
    await server.until(isReady)
    server.say(room, 'u_bob', 'hi')
    await until(ann.room('r1'), (now) => now?.head_seq === room.head)
    clock.advance(5_000)
    await server.until(() => server.connections.size === 1)
    expect(seen.filter((status) => status !== 'online')).toEqual([])
  })

  test('a line that answers late is kept where there is no other', async () => {
    server.sockets = 'refused'
    await doubt()
    await server.until(() => server.refused === 1)
    server.frozen = false
    await ann.react('r1', 3, '👍').catch(() => {})
    clock.advance(10_000)
    expect([server.accepted, server.refused, state(ann).status]).toEqual([1, 1, 'online'])
  })

  test('where nothing came through at all, WebSocket is not given up for it', async () => {
    server.sockets = 'silent'
    await doubt()
    await accepted(2)
    server.sockets = 'open'
    server.frozen = false
    clock.advance(5_000)
    clock.advance(2_000)
    await online(ann)
    await accepted(3)
    expect(state(ann).transport).toBe('socket')
    expect(server.restCalls.filter((call) => call.includes('/stream'))).toEqual([])
  })

  test('an attempt that hangs is begun anew', async () => {
    for (const connection of server.connections) connection.cut()
    server.sockets = 'silent'
    await until(ann.connection, ({ status }) => status === 'offline')
    wake()
    await accepted(2)
    server.sockets = 'open'
    server.frozen = false
    wake()
    await online(ann)
    expect([server.accepted, state(ann).transport]).toEqual([3, 'socket'])
  })

  test('a dead line shows within five seconds', async () => {
    server.sockets = 'refused'
    await doubt()
    await server.until(() => server.refused === 1)
    server.sockets = 'open'
    server.frozen = false
    clock.advance(4_000)
    await until(ann.connection, ({ status }) => status !== 'online')
    clock.advance(1_000)
    await accepted(2)
    await online(ann)
  })
})

test('a line that still brings pushes but takes no requests any more is found out and replaced', async () => {
  const clock = new FakeClock()
  const ann = await harness.signIn('ann', { clock })
  server.frozen = true
  const asked = ann.react('r1', 1, '👍')
  await server.until(() => server.framesOf('react').length === 1)
  clock.advance(1_000)
  server.say(room, 'u_bob', 'hi')
  await until(ann.room('r1'), (now) => now?.head_seq === room.head)
  const refused = expect(asked).rejects.toMatchObject({ code: 'unavailable' })
  clock.advance(14_000)
  await refused
  server.say(room, 'u_bob', 'still')
  await until(ann.room('r1'), (now) => now?.head_seq === room.head)
  server.frozen = false
  expect(server.accepted).toBe(1)
  clock.advance(5_000)
  await accepted(2)
  await online(ann)
})
