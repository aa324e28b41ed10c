import type { Room } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parley, Timeline, TimelineItem } from '../api.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { FakeRoom } from '../testing/fake-room.ts'
import { FakeServer } from '../testing/fake-server.ts'
import { bodiesOf, Harness, messagesOf, until } from '../testing/harness.ts'
import { OPEN_WINDOWS_MAX } from './timelines.ts'
import { WINDOW_MAX_MESSAGES } from './window.ts'

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

async function view(client: Parley, id = 'r1'): Promise<Timeline> {
  const timeline = client.timeline(id)
  await until(timeline, ({ status }) => status === 'ready')
  return timeline
}

function sayMany(count: number): void {
  for (let index = 0; index < count; index++) server.say(room, 'u_bob', `m${index}`)
}

const seqsOf = (items: readonly TimelineItem[]) => items.map(({ seq }) => seq)
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `m${from + index}`)
const ascending = (items: readonly TimelineItem[]) =>
  items.every((item, index) => index === 0 || (item.seq ?? Infinity) > (items[index - 1]?.seq ?? 0))

/** What a fresh look at the room shows. */
async function fresh(): Promise<readonly TimelineItem[]> {
  const other = await harness.signIn('ann')
  const timeline = await view(other)
  while (timeline.get().hasOlder) await timeline.loadOlder()
  return timeline.get().items
}

/** As everybody is told it. */
const withoutMe = ({ me: _me, last_message: _last, ...facts }: Room): Room => facts

describe('history', () => {
  test('loads page by page to the beginning, without a gap or a repetition', async () => {
    sayMany(120)
    const timeline = await view(await harness.signIn('ann'))
    expect(bodiesOf(timeline.get().items)).toEqual(numbers(70, 120))
    expect(timeline.get()).toMatchObject({ hasOlder: true, hasNewer: false })
    const loading = timeline.loadOlder()
    expect(timeline.get().loadingOlder).toBe(true)
    await Promise.all([loading, timeline.loadOlder()])
    expect(timeline.get().loadingOlder).toBe(false)
    expect(bodiesOf(timeline.get().items)).toEqual(numbers(20, 120))
    await timeline.loadOlder()
    expect(bodiesOf(timeline.get().items)).toEqual(numbers(0, 120))
    expect(timeline.get().hasOlder).toBe(false)
    // With the beginning come the joins before the first message.
    expect(timeline.get().items.slice(0, 2)).toMatchObject([{ kind: 'join' }, { kind: 'join' }])
    expect(ascending(timeline.get().items)).toBe(true)
  })

  test('opens around a message far up, takes no live message there, and walks back to the head', async () => {
    sayMany(200)
    const timeline = await view(await harness.signIn('ann'))
    await timeline.openAround(50)
    expect(seqsOf(timeline.get().items)).toContain(50)
    expect(timeline.get()).toMatchObject({ status: 'ready', hasOlder: true, hasNewer: true })
    server.say(room, 'u_bob', 'live')
    while (timeline.get().hasNewer) await timeline.loadNewer()
    expect(bodiesOf(timeline.get().items).slice(-2)).toEqual(['m199', 'live'])
    expect(ascending(timeline.get().items)).toBe(true)
    server.say(room, 'u_bob', 'more')
    await until(timeline, ({ items }) => bodiesOf(items).at(-1) === 'more')
    await timeline.openAround(50)
    await timeline.openLatest()
    expect(bodiesOf(timeline.get().items).at(-1)).toBe('more')
  })

  test('tells joins, leaves, renames and pins between the messages, in the old history and live', async () => {
    server.say(room, 'u_bob', 'before')
    server.append(room, { kind: 'rename', from: 'u_ann', name: 'new name' })
    server.say(room, 'u_bob', 'after')
    const timeline = await view(await harness.signIn('ann'))
    server.append(room, { kind: 'join', from: 'u_ann', user: 'u_eve', role: 'member' })
    const { items } = await until(timeline, (now) => now.items.length === 6)
    expect(
      items.map((item) => (item.type === 'message' ? item.body : item.type === 'notice' ? item.kind : null)),
    ).toEqual(['join', 'join', 'before', 'rename', 'after', 'join'])
  })

  test('an edit, a reaction and a deletion reach messages that are on the screen, wherever the window is', async () => {
    sayMany(120)
    const timeline = await view(await harness.signIn('ann'))
    await timeline.openAround(30)
    server.append(room, { kind: 'edit', from: 'u_bob', target: 30, body: 'edited' })
    server.append(room, { kind: 'react', from: 'u_bob', target: 31, emoji: '👍' })
    server.append(room, { kind: 'delete', from: 'u_bob', target: 32 })
    const { items } = await until(timeline, (now) => messagesOf(now.items).some(({ deleted }) => deleted))
    const by = (seq: number) => messagesOf(items).find((item) => item.seq === seq)
    expect(by(30)).toMatchObject({ body: 'edited' })
    expect(by(31)?.reactions).toEqual([{ emoji: '👍', count: 1, mine: false }])
    expect(by(32)).toMatchObject({ body: '', deleted: true })
  })

  test('what happens while a page is on its way is in it once', async () => {
    sayMany(60)
    const ann = await harness.signIn('ann')
    server.beforeAnswer = () => {
      server.append(room, { kind: 'react', from: 'u_bob', target: 40, emoji: '👍' })
      server.say(room, 'u_bob', 'meanwhile')
    }
    server.afterAnswer = () => {
      server.append(room, { kind: 'react', from: 'u_eve', target: 41, emoji: '👍' })
      server.append(room, { kind: 'edit', from: 'u_bob', target: 42, body: 'edited' })
    }
    const timeline = await view(ann)
    server.say(room, 'u_bob', 'end')
    await until(timeline, ({ items }) => bodiesOf(items).at(-1) === 'end')
    const items = messagesOf(timeline.get().items)
    expect(items.find(({ seq }) => seq === 40)?.reactions).toEqual([{ emoji: '👍', count: 1, mine: false }])
    expect(items.find(({ seq }) => seq === 41)?.reactions).toEqual([{ emoji: '👍', count: 1, mine: false }])
    expect(items.filter(({ body }) => body === 'meanwhile')).toHaveLength(1)
    await timeline.loadOlder()
    expect(timeline.get().items).toEqual(await fresh())
  })

  test('what arrives after the log was read, while the rest of the page still comes, is not lost', async () => {
    sayMany(60)
    const ann = await harness.signIn('ann')
    let logs = 0
    server.onFrame = ({ t }) => {
      if (t === 'log' && ++logs === 2) server.say(room, 'u_bob', 'late')
    }
    const timeline = await view(ann)
    expect(logs).toBe(2)
    expect(bodiesOf(timeline.get().items).at(-1)).toBe('late')
  })

  test('a later place wins over one that is still loading', async () => {
    sayMany(200)
    const timeline = (await harness.signIn('ann')).timeline('r1')
    timeline.get()
    await Promise.all([timeline.openAround(20), timeline.openAround(100)])
    expect(seqsOf(timeline.get().items)).toContain(100)
    expect(seqsOf(timeline.get().items)).not.toContain(20)
  })
})

describe('loss', () => {
  test('entries that were never announced are fetched when the next one shows the gap, and shown in order', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.announce = false
    server.say(room, 'u_bob', 'lost')
    server.append(room, { kind: 'rename', from: 'u_bob', name: 'renamed' })
    server.announce = true
    server.say(room, 'u_bob', 'seen')
    const { items } = await until(timeline, (now) => messagesOf(now.items).length === 2)
    expect(bodiesOf(items)).toEqual(['lost', 'seen'])
    expect(ann.room('r1').get()).toMatchObject({ name: 'renamed', head_seq: 5, me: { unread: 2 } })
    expect(server.framesOf('log').at(-1)?.rooms).toEqual([{ room: 'r1', after: 2 }])
  })

  test('entries that come twice or late change nothing', async () => {
    const timeline = await view(await harness.signIn('ann'))
    sayMany(3)
    await until(timeline, ({ items }) => messagesOf(items).length === 3)
    for (const entry of room.log) server.push('u_ann', { t: 'entry', ...entry })
    server.say(room, 'u_bob', 'end')
    const { items } = await until(timeline, (now) => bodiesOf(now.items).includes('end'))
    expect(bodiesOf(items)).toEqual(['m0', 'm1', 'm2', 'end'])
  })

  test('gaps of many rooms share one request', async () => {
    const rooms = Array.from({ length: 10 }, (_, index) =>
      server.addRoom(`x${index}`, 'group', ['u_ann', 'u_bob']),
    )
    const ann = await harness.signIn('ann')
    server.announce = false
    for (const one of rooms) server.say(one, 'u_bob', 'lost')
    server.announce = true
    const before = server.framesOf('log').length
    const frames = rooms.map((one) => {
      const entry = one.append({ kind: 'message', from: 'u_bob', body: 'seen', client_id: 'client-seen' }, 1)
      return JSON.stringify({ t: 'entry', ...entry })
    })
    // In one write, as the server does at the end of a tick.
    server.burst('u_ann', frames)
    await until(ann.rooms, (list) => list.filter(({ me }) => me?.unread === 2).length === 10)
    const asked = server.framesOf('log').slice(before)
    expect(asked.length).toBeLessThanOrEqual(2)
    expect(asked.flatMap((frame) => frame.rooms)).toHaveLength(10)
  })

  test('after a reconnect the window has everything that happened meanwhile, as a fresh look has', async () => {
    sayMany(10)
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.sockets = 'refused'
    server.streams = 'refused'
    for (const connection of server.connections) connection.cut()
    await until(ann.connection, ({ status }) => status !== 'online')
    sayMany(230)
    server.append(room, { kind: 'edit', from: 'u_bob', target: 5, body: 'edited' })
    server.append(room, { kind: 'react', from: 'u_bob', target: 6, emoji: '👍' })
    server.append(room, { kind: 'delete', from: 'u_bob', target: 7 })
    server.sockets = 'open'
    server.streams = 'open'
    await until(timeline, ({ items }) => messagesOf(items).some(({ deleted }) => deleted))
    expect(timeline.get().items).toEqual(await fresh())
    expect(ann.room('r1').get()?.me).toMatchObject({ unread: 100 })
  })

  test('history that the server no longer has is not waited for', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.announce = false
    sayMany(5)
    room.firstSeq = 6
    server.announce = true
    server.say(room, 'u_bob', 'seen')
    const { items } = await until(timeline, (now) => bodiesOf(now.items).includes('seen'))
    expect(bodiesOf(items)).toEqual(['m3', 'm4', 'seen'])
  })

  test('what retention deletes leaves the screen, and older history is not asked for', async () => {
    sayMany(5)
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    room.firstSeq = room.head - 1
    server.push('u_ann', { t: 'room', room: withoutMe(room.facts('u_ann', server.users)), change: 'updated' })
    const { items, hasOlder } = await until(timeline, (now) => bodiesOf(now.items).length === 2)
    expect([bodiesOf(items), hasOlder]).toEqual([['m3', 'm4'], false])
    room.firstSeq = room.head + 1
    server.push('u_ann', { t: 'room', room: withoutMe(room.facts('u_ann', server.users)), change: 'updated' })
    await until(timeline, (now) => bodiesOf(now.items).length === 0)
    expect(ann.room('r1').get()?.last_message).toBeUndefined()
    server.say(room, 'u_bob', 'a new beginning')
    await until(timeline, (now) => bodiesOf(now.items).join() === 'a new beginning')
  })

  test('a restored backup is shown as it is, not as it was', async () => {
    sayMany(5)
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    room.log.splice(-2)
    server.epoch = 'e2'
    for (const connection of server.connections) connection.cut()
    await until(timeline, ({ items }) => bodiesOf(items).join() === 'm0,m1,m2')
    expect(ann.room('r1').get()?.head_seq).toBe(5)
    server.say(room, 'u_bob', 'again')
    await until(timeline, ({ items }) => bodiesOf(items).join() === 'm0,m1,m2,again')
  })

  test('a restored backup whose numbers have reached the lost ones is shown as it is, too', async () => {
    sayMany(5)
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.announce = false
    room.log.splice(-2)
    for (const body of ['other', 'others', 'more']) server.say(room, 'u_bob', body)
    server.announce = true
    server.epoch = 'e2'
    for (const connection of server.connections) connection.cut()
    await until(timeline, ({ items }) => bodiesOf(items).join() === 'm0,m1,m2,other,others,more')
  })

  test('a room on a later page of the list is taken as it was restored, too', async () => {
    const own = new Harness(await FakeServer.start({ pageRooms: 1 }))
    try {
      own.server.addUser('ann')
      own.server.addUser('bob')
      own.server.addRoom('first', 'group', ['u_ann'])
      const last = own.server.addRoom('last', 'group', ['u_ann', 'u_bob'])
      for (let n = 0; n < 4; n++) own.server.say(last, 'u_bob', `m${n}`)
      const ann = await own.signIn('ann')
      const timeline = ann.timeline('last')
      await until(timeline, ({ items }) => bodiesOf(items).join() === 'm0,m1,m2,m3')
      last.log.splice(-2)
      own.server.epoch = 'e2'
      for (const connection of own.server.connections) connection.cut()
      await until(timeline, ({ items }) => bodiesOf(items).join() === 'm0,m1')
      own.server.say(last, 'u_bob', 'again')
      await until(timeline, ({ items }) => bodiesOf(items).join() === 'm0,m1,again')
      expect(ann.room('last').get()).toMatchObject({ head_seq: last.head, last_message: { body: 'again' } })
    } finally {
      await own.end()
    }
  })
})

describe('whose room it is', () => {
  test('of a room that is not mine nothing is shown, and it opens when I am let in', async () => {
    const eve = await harness.signIn('eve')
    const timeline = eve.timeline('r1')
    await until(timeline, ({ status }) => status === 'error')
    server.say(room, 'u_bob', 'hello')
    server.append(room, { kind: 'join', from: 'u_ann', user: 'u_eve', role: 'member' })
    server.push('u_eve', { t: 'room', room: room.facts('u_eve', server.users), change: 'added' })
    await until(timeline, ({ status, items }) => status === 'ready' && bodiesOf(items).includes('hello'))
  })

  test('when I am removed nothing of it stays on the screen or in the list', async () => {
    sayMany(3)
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.append(room, { kind: 'leave', from: 'u_bob', user: 'u_ann' })
    server.push('u_ann', { t: 'room', room: room.facts('u_ann', server.users), change: 'removed' })
    expect((await until(timeline, ({ status }) => status === 'error')).items).toEqual([])
    expect(ann.rooms.get()).toEqual([])
    expect(ann.room('r1').get()).toBeUndefined()
  })
})

describe('memory', () => {
  test('a released window is forgotten; used again it is loaded again', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const timeline = await view(ann)
    const pages = () => server.restCalls.filter((call) => call.includes('/messages')).length
    timeline.release()
    clock.advance(999)
    expect(timeline.get().status).toBe('ready')
    timeline.release()
    clock.advance(1_000)
    expect(timeline.get().status).toBe('loading')
    await until(timeline, ({ status }) => status === 'ready')
    expect(pages()).toBe(2)
  })

  test('a window that somebody watches stays, released or not', async () => {
    const clock = new FakeClock()
    const timeline = await view(await harness.signIn('ann', { clock }))
    const end = timeline.subscribe(() => {})
    timeline.release()
    clock.advance(60_000)
    expect(timeline.get().status).toBe('ready')
    timeline.release()
    end()
    clock.advance(1_000)
    expect(timeline.get().status).toBe('loading')
  })

  test('only so many windows are kept open', async () => {
    for (let index = 0; index <= OPEN_WINDOWS_MAX; index++) server.addRoom(`x${index}`, 'group', ['u_ann'])
    const ann = await harness.signIn('ann')
    const first = await view(ann, 'x0')
    for (let index = 1; index < OPEN_WINDOWS_MAX; index++) await view(ann, `x${index}`)
    expect(first.get().status).toBe('ready')
    await view(ann, 'x1')
    await view(ann, 'x0')
    await view(ann, `x${OPEN_WINDOWS_MAX}`)
    expect(ann.timeline('x0').get().status).toBe('ready')
    expect(ann.timeline('x2').get().status).toBe('loading')
  })

  test('a window that grows beyond its bound lets its far side go and can load it again', async () => {
    sayMany(WINDOW_MAX_MESSAGES + 60)
    const timeline = await view(await harness.signIn('ann'))
    while (timeline.get().hasOlder) await timeline.loadOlder()
    expect(messagesOf(timeline.get().items)).toHaveLength(WINDOW_MAX_MESSAGES)
    expect(timeline.get().hasNewer).toBe(true)
    while (timeline.get().hasNewer) await timeline.loadNewer()
    const bodies = bodiesOf(timeline.get().items)
    expect(bodies).toEqual(numbers(60, WINDOW_MAX_MESSAGES + 60))
    expect(timeline.get().hasOlder).toBe(true)
  })

  test('items that did not change stay the same objects', async () => {
    sayMany(3)
    const timeline = await view(await harness.signIn('ann'))
    const before = timeline.get().items
    server.say(room, 'u_bob', 'new')
    const { items } = await until(timeline, (now) => bodiesOf(now.items).includes('new'))
    expect(items.slice(0, before.length).every((item, index) => item === before[index])).toBe(true)
  })
})
