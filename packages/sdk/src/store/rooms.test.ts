import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import type { FakeRoom } from '../testing/fake-room.ts'
import { FakeServer } from '../testing/fake-server.ts'
import { bodiesOf, Harness, messagesOf, online, until } from '../testing/harness.ts'

let harness: Harness
let server: FakeServer
let room: FakeRoom
beforeEach(async () => {
  harness = await Harness.start()
  server = harness.server
  for (const name of ['ann', 'bob', 'eve']) server.addUser(name)
  room = server.addRoom('r1', 'group', ['u_ann', 'u_bob'])
})
afterEach(() => harness.end())

const cut = () => {
  for (const connection of server.connections) connection.cut()
}

describe('my rooms', () => {
  test('come latest activity first, and a message lifts its room to the top', async () => {
    server.addRoom('r2', 'group', ['u_ann'])
    const ann = await harness.signIn('ann')
    const order = () => ann.rooms.get().map(({ id }) => id)
    expect(order()).toEqual(['r2', 'r1'])
    server.say(room, 'u_bob', 'hi')
    await until(ann.rooms, () => order()[0] === 'r1')
    expect(ann.rooms.get()[0]).toMatchObject({ last_message: { body: 'hi' }, me: { unread: 1 } })
  })

  test('come in pages when there are many', async () => {
    const own = new Harness(await FakeServer.start({ pageRooms: 10 }))
    try {
      own.server.addUser('ann')
      for (let index = 0; index < 35; index++) own.server.addRoom(`x${index}`, 'group', ['u_ann'])
      const ann = await own.signIn('ann')
      await until(ann.rooms, (list) => list.length === 35)
      expect(own.server.framesOf('rooms')).toHaveLength(3)
    } finally {
      await own.end()
    }
  })

  test('a delta merges and a snapshot replaces', async () => {
    const second = server.addRoom('r2', 'group', ['u_ann', 'u_bob'])
    const third = server.addRoom('r3', 'group', ['u_ann', 'u_bob'])
    const ann = await harness.signIn('ann')
    server.announce = false
    cut()
    await until(ann.connection, ({ status }) => status !== 'online')
    server.say(second, 'u_bob', 'meanwhile')
    server.append(third, { kind: 'leave', from: 'u_bob', user: 'u_ann' })
    await online(ann)
    expect(ann.rooms.get().map(({ id }) => id)).toEqual(['r2', 'r1'])
    expect(ann.room('r2').get()).toMatchObject({ last_message: { body: 'meanwhile' }, me: { unread: 1 } })
    server.epoch = 'e2'
    server.rooms.delete('r2')
    cut()
    await until(ann.rooms, (list) => list.length === 1)
    expect(ann.rooms.get()[0]?.id).toBe('r1')
  })

  test('when the newest message is deleted the list shows the one before', async () => {
    server.say(room, 'u_bob', 'first')
    const ann = await harness.signIn('ann')
    server.say(room, 'u_bob', 'second')
    await until(ann.room('r1'), (now) => now?.last_message?.body === 'second')
    server.append(room, { kind: 'delete', from: 'u_bob', target: 4 })
    await until(ann.room('r1'), (now) => now?.last_message?.body === 'first')
    expect(ann.room('r1').get()?.me?.unread).toBe(1)
  })

  test('a fetch that is older than what arrived meanwhile is made again', async () => {
    server.say(room, 'u_bob', 'first')
    const ann = await harness.signIn('ann')
    server.say(room, 'u_bob', 'second')
    await until(ann.room('r1'), (now) => now?.last_message?.body === 'second')
    server.afterRoom = () => {
      server.append(room, { kind: 'react', from: 'u_bob', target: 3, emoji: '👍' })
      return until(ann.room('r1'), (now) => now?.head_seq === room.head)
    }
    server.append(room, { kind: 'delete', from: 'u_bob', target: 4 })
    await until(ann.room('r1'), (now) => now?.last_message?.body === 'first')
    expect(ann.room('r1').get()?.last_message?.reactions).toEqual([{ emoji: '👍', count: 1, mine: false }])
  })

  test('the same state is the same object', async () => {
    const ann = await harness.signIn('ann')
    expect(ann.rooms.get()).toBe(ann.rooms.get())
    expect(ann.room('r1').get()).toBe(ann.rooms.get()[0])
  })
})

describe('watermarks', () => {
  test('deliveries of a burst are told once, 300 ms after it began', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    for (let index = 0; index < 10; index++) server.say(room, 'u_bob', `m${index}`)
    await until(ann.room('r1'), (now) => now?.head_seq === 12)
    clock.advance(299)
    expect(server.framesOf('mark')).toEqual([])
    clock.advance(1)
    await server.until(() => server.framesOf('mark').length === 1)
    expect(server.framesOf('mark')[0]).toMatchObject({ room: 'r1', delivered: 12 })
    expect(server.framesOf('mark')[0]).not.toHaveProperty('read')
  })

  test('what arrived while away is told delivered on the next start', async () => {
    server.say(room, 'u_bob', 'hi')
    await harness.signIn('ann')
    await server.until(() => server.framesOf('mark').length === 1)
    expect(server.framesOf('mark')[0]).toMatchObject({ room: 'r1', delivered: 3 })
  })

  test('one’s own messages and large rooms need no word of delivery', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const large = server.addRoom('large', 'public', ['u_ann', 'u_bob'])
    for (let index = 0; index < 201; index++)
      large.members.set(`u_${index}`, { role: 'member', read: 0, delivered: 0 })
    server.push('u_ann', { t: 'room', room: large.facts('u_ann', server.users), change: 'updated' })
    server.say(large, 'u_bob', 'hi')
    ann.send('r1', { body: 'own' })
    await until(ann.room('large'), (now) => now?.me?.unread === 1)
    await until(ann.room('r1'), (now) => now?.last_message?.body === 'own')
    clock.advance(1_000)
    ann.markRead('large', 3)
    await server.until(() => server.framesOf('mark').length > 0)
    expect(server.framesOf('mark')).toMatchObject([{ room: 'large', read: 3 }])
  })

  test('reading is told at once, then at most once a second a room, only forward', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    for (let index = 0; index < 5; index++) server.say(room, 'u_bob', `m${index}`)
    await until(ann.room('r1'), (now) => now?.me?.unread === 5)
    const reads = () => server.framesOf('mark').flatMap(({ read }) => (read === undefined ? [] : [read]))
    ann.markRead('r1', 3)
    await server.until(() => reads().length === 1)
    expect(ann.room('r1').get()?.me).toMatchObject({ read_seq: 3, unread: 4 })
    for (const seq of [4, 6, 5]) ann.markRead('r1', seq)
    expect(ann.room('r1').get()?.me).toMatchObject({ read_seq: 6, unread: 1 })
    clock.advance(999)
    await ann.react('r1', 1, '👍')
    expect(reads()).toEqual([3])
    clock.advance(1)
    await server.until(() => reads().length === 2)
    expect(reads()).toEqual([3, 6])
  })

  test('what was read without a connection is told on the next one', async () => {
    const ann = await harness.signIn('ann')
    server.say(room, 'u_bob', 'hi')
    await until(ann.room('r1'), (now) => now?.me?.unread === 1)
    server.sockets = 'refused'
    server.streams = 'refused'
    cut()
    await until(ann.connection, ({ status }) => status !== 'online')
    ann.markRead('r1', 3)
    expect(ann.room('r1').get()?.me?.unread).toBe(0)
    server.sockets = 'open'
    await server.until(() => room.members.get('u_ann')?.read === 3)
    expect(ann.room('r1').get()?.me?.unread).toBe(0)
  })

  test('what was read on another device is read here: live, and after being away', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    for (let index = 0; index < 3; index++) server.say(room, 'u_bob', `m${index}`)
    await until(ann.room('r1'), (now) => now?.me?.unread === 3)
    clock.advance(300)
    await until(ann.room('r1'), (now) => now?.me?.delivered_seq === 5)
    server.push('u_ann', { t: 'marks', room: 'r1', user: 'u_ann', delivered: 5, read: 4, unread: 1 })
    await until(ann.room('r1'), (now) => now?.me?.unread === 1)
    cut()
    await until(ann.connection, ({ status }) => status !== 'online')
    // Not part of the log, so the next `ready` does not list the room.
    const member = room.members.get('u_ann')
    if (member !== undefined) member.read = 5
    room.changed = 0
    clock.advance(1)
    await online(ann)
    clock.advance(300)
    await until(ann.room('r1'), (now) => now?.me?.unread === 0)
  })

  test('receipts are right after a reload, before anything is pushed', async () => {
    const first = await harness.signIn('ann')
    first.send('r1', { body: 'one' })
    await until(first.room('r1'), (now) => now?.last_message?.body === 'one')
    const bob = room.members.get('u_bob')
    if (bob !== undefined) Object.assign(bob, { read: 3, delivered: 3 })
    const again = await harness.signIn('ann')
    await until(again.timeline('r1'), ({ items }) => messagesOf(items)[0]?.state === 'read')
  })

  test('among strangers in a public room there are no receipts', async () => {
    const hall = server.addRoom('hall', 'public', ['u_ann', 'u_bob'])
    const ann = await harness.signIn('ann')
    ann.send('hall', { body: 'one' })
    const timeline = ann.timeline('hall')
    await until(timeline, ({ items }) => messagesOf(items)[0]?.state === 'sent')
    server.publish(hall, { t: 'marks', room: 'hall', user: 'u_bob', delivered: 9, read: 9 })
    await until(ann.room('hall'), (now) => now?.marks.u_bob?.read === 9)
    expect(messagesOf(timeline.get().items)[0]?.state).toBe('sent')
  })
})

describe('typing', () => {
  test('is told at most once in three seconds a room', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    for (let key = 0; key < 10; key++) ann.typing('r1')
    clock.advance(2_999)
    ann.typing('r1')
    clock.advance(1)
    ann.typing('r1')
    await server.until(() => server.framesOf('typing').length === 2)
    await ann.react('r1', 1, '👍')
    expect(server.framesOf('typing')).toHaveLength(2)
  })

  test('of others is shown until it expires or their message comes; one’s own is not', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const typing = (user: string) =>
      server.push('u_ann', { t: 'typing', room: 'r1', user, expires_ms: 6_000 })
    typing('u_ann')
    typing('u_bob')
    typing('u_eve')
    await until(ann.room('r1'), (now) => now?.typing.length === 2)
    expect(ann.room('r1').get()?.typing).toEqual(['u_bob', 'u_eve'])
    server.say(room, 'u_bob', 'hi')
    await until(ann.room('r1'), (now) => now?.typing.length === 1)
    clock.advance(5_999)
    expect(ann.room('r1').get()?.typing).toEqual(['u_eve'])
    clock.advance(1)
    expect(ann.room('r1').get()?.typing).toEqual([])
  })
})

describe('presence', () => {
  test('what all screens show is watched in one request, and again after a reconnect', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const end = ann.watch(['u_bob'])
    ann.watch(['u_eve', 'u_bob'])
    clock.advance(50)
    await until(ann.presence('u_eve'), (presence) => presence?.state === 'online')
    expect(server.framesOf('watch')).toMatchObject([{ users: ['u_bob', 'u_eve'] }])
    server.push('u_ann', { t: 'presence', user: 'u_bob', state: 'away' })
    await until(ann.presence('u_bob'), (presence) => presence?.state === 'away')
    end()
    clock.advance(50)
    await ann.react('r1', 1, '👍')
    expect(server.framesOf('watch')).toHaveLength(1)
    cut()
    await until(ann.connection, ({ status }) => status !== 'online')
    clock.advance(1)
    await online(ann)
    clock.advance(1)
    await server.until(() => server.framesOf('watch').length === 2)
  })

  test('no more people are watched than the server takes, those of the newest screen first', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    ann.watch(Array.from({ length: 500 }, (_, index) => `old_${index}`))
    ann.watch(['new'])
    clock.advance(50)
    await server.until(() => server.framesOf('watch').length === 1)
    const users = server.framesOf('watch')[0]?.users ?? []
    expect(users).toHaveLength(500)
    expect(users).toContain('new')
  })

  test('nobody looking for five minutes makes away, on every connection; looking again ends it', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    server.heartbeatMs = 86_400_000
    cut()
    await until(ann.connection, ({ status }) => status !== 'online')
    clock.advance(1)
    await online(ann)
    ann.setAttention(false)
    clock.advance(299_999)
    expect(server.framesOf('presence')).toEqual([])
    clock.advance(1)
    await server.until(() => server.framesOf('presence').length === 1)
    cut()
    await until(ann.connection, ({ status }) => status !== 'online')
    clock.advance(1)
    await server.until(() => server.framesOf('presence').length === 2)
    ann.setAttention(true)
    await server.until(() => server.framesOf('presence').length === 3)
    expect(server.framesOf('presence').map(({ state }) => state)).toEqual(['away', 'away', 'online'])
    ann.setAttention(false)
    ann.setAttention(true)
    clock.advance(600_000)
    await ann.react('r1', 1, '👍')
    expect(server.framesOf('presence')).toHaveLength(3)
  })
})

describe('people', () => {
  test('are looked up many in one request, once each', async () => {
    const ann = await harness.signIn('ann')
    for (let index = 0; index < 30; index++) server.addUser(`p${index}`)
    const stores = Array.from({ length: 30 }, (_, index) => ann.user(`u_p${index}`))
    ann.user('u_nobody')
    await Promise.all(stores.map((store) => until(store, (user) => user !== undefined)))
    expect(ann.user('u_p3').get()?.username).toBe('p3')
    expect(ann.user('u_nobody').get()).toBeUndefined()
    expect(server.restCalls.filter((call) => call.startsWith('GET /users?ids='))).toHaveLength(1)
  })

  test('more than fit are asked for in portions of two hundred', async () => {
    const ann = await harness.signIn('ann')
    for (let index = 0; index < 250; index++) server.addUser(`p${index}`)
    const stores = Array.from({ length: 250 }, (_, index) => ann.user(`u_p${index}`))
    await Promise.all(stores.map((store) => until(store, (user) => user !== undefined)))
    const asked = server.restCalls.filter((call) => call.startsWith('GET /users?ids='))
    expect(asked.map((call) => decodeURIComponent(call).split(',').length)).toEqual([200, 50])
  })
})

test('stopping ends every timer and connection, and what was known stays readable', async () => {
  const clock = new FakeClock()
  const ann = await harness.signIn('ann', { clock })
  const timeline = ann.timeline('r1')
  server.say(room, 'u_bob', 'hi')
  await until(timeline, ({ items }) => bodiesOf(items).includes('hi'))
  ann.watch(['u_bob'])
  ann.typing('r1')
  ann.markRead('r1', 3)
  ann.setAttention(false)
  ann.user('u_eve').get()
  server.push('u_ann', { t: 'typing', room: 'r1', user: 'u_bob', expires_ms: 6_000 })
  await until(ann.room('r1'), (now) => now?.typing.length === 1)
  timeline.release()
  await ann.stop()
  await server.until(() => server.connections.size === 0)
  await new Promise((resolve) => setImmediate(resolve))
  expect(clock.pending).toBe(0)
  expect(ann.connection.get()).toEqual({ status: 'idle', transport: null, retryAt: null })
  expect(ann.rooms.get()[0]?.last_message?.body).toBe('hi')
  await ann.start()
  await online(ann)
  server.say(room, 'u_bob', 'again')
  await until(timeline, ({ items }) => bodiesOf(items).includes('again'))
})
