import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parley, Timeline } from '../api.ts'
import { memoryStorage } from '../storage/memory.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { FakeRoom } from '../testing/fake-room.ts'
import type { FakeServer } from '../testing/fake-server.ts'
import { bodiesOf, Harness, messagesOf, online, until } from '../testing/harness.ts'
import { openBrowser } from '../testing/open-browser.ts'

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

async function view(client: Parley, id = 'r1'): Promise<Timeline> {
  const timeline = client.timeline(id)
  await until(timeline, ({ status }) => status === 'ready')
  return timeline
}

const stored = (id = 'r1') =>
  server
    .room(id)
    .messages('u_ann')
    .map(({ body }) => body)
const allSent = (timeline: Timeline) =>
  until(timeline, ({ items }) => messagesOf(items).every(({ state }) => state === 'sent'))
const outboxOf = async (storage: ReturnType<typeof memoryStorage>) => (await storage.list('outbox/')).length

describe('in order and once', () => {
  test('messages of a room go one at a time, in the order they were written', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.holdAnswersTo = 'send'
    const written = Array.from({ length: 5 }, (_, index) => `number ${index}`)
    for (const body of written) ann.send('r1', { body })
    await server.until(() => server.framesOf('send').length === 1)
    // The first is stored and its entry is on the screen, but its answer is held: nothing else goes out before it.
    await until(timeline, ({ items }) => items.some((item) => item.type === 'message' && item.seq !== null))
    expect(server.framesOf('send')).toHaveLength(1)
    server.release()
    await allSent(timeline)
    expect(stored()).toEqual(written)
    expect(bodiesOf(timeline.get().items)).toEqual(written)
  })

  test('rooms do not wait for one another', async () => {
    server.addRoom('r2', 'group', ['u_ann'])
    const ann = await harness.signIn('ann')
    server.holdAnswersTo = 'send'
    ann.send('r1', { body: 'one' })
    ann.send('r2', { body: 'two' })
    await server.until(() => server.framesOf('send').length === 2)
  })

  test('an entry that comes before its answer, and an answer before its entry, show one item with the same key', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    const longest: number[] = []
    timeline.subscribe(() => longest.push(messagesOf(timeline.get().items).length))
    server.holdAnswersTo = 'send'
    const first = ann.send('r1', { body: 'entry first' })
    await until(timeline, ({ items }) => messagesOf(items)[0]?.state === 'sent')
    expect(messagesOf(timeline.get().items)).toMatchObject([{ key: first, seq: 3 }])
    server.release()
    server.announce = false
    const second = ann.send('r1', { body: 'answer first' })
    const { items } = await until(timeline, (now) => messagesOf(now.items)[1]?.state === 'sent')
    expect(messagesOf(items)).toMatchObject([{ key: first }, { key: second, seq: 4 }])
    const entry = room.log.at(-1)
    if (entry === undefined) throw new Error('nothing stored')
    server.push('u_ann', { t: 'entry', ...entry })
    server.announce = true
    server.say(room, 'u_bob', 'after')
    await until(timeline, (now) => bodiesOf(now.items).includes('after'))
    expect(
      messagesOf(timeline.get().items)
        .map(({ key }) => key)
        .slice(0, 2),
    ).toEqual([first, second])
    expect(Math.max(...longest)).toBe(3)
  })

  test('a page that already has the message while its answer is still on the way shows it once', async () => {
    const ann = await harness.signIn('ann')
    server.holdAnswersTo = 'send'
    server.announce = false
    const key = ann.send('r1', { body: 'once' })
    await server.until(() => server.framesOf('send').length === 1)
    const timeline = await view(ann)
    expect(messagesOf(timeline.get().items)).toMatchObject([{ key, seq: 3, body: 'once' }])
  })

  test('a connection cut between commit and answer doubles nothing: the same client_id goes again', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.holdAnswersTo = 'send'
    server.announce = false
    const key = ann.send('r1', { body: 'once' })
    await server.until(() => server.framesOf('send').length === 1)
    server.holdAnswersTo = null
    server.announce = true
    for (const connection of server.connections) connection.cut()
    await allSent(timeline)
    expect(stored()).toEqual(['once'])
    expect(messagesOf(timeline.get().items)).toMatchObject([{ key, seq: 3 }])
    const ids = server.framesOf('send').map(({ client_id }) => client_id)
    expect(new Set(ids).size).toBe(1)
  })
})

describe('refusals', () => {
  test('a refusal for good is shown with its reason, does not hold up the next, and can be tried again under the same id', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.refuse('send', 'forbidden', { message: 'You may only read here.' })
    const key = ann.send('r1', { body: 'no' })
    const { items } = await until(timeline, (now) => messagesOf(now.items)[0]?.state === 'failed')
    expect(messagesOf(items)).toMatchObject([{ key, seq: null, error: 'You may only read here.' }])
    ann.send('r1', { body: 'yes' })
    await until(
      timeline,
      (now) => messagesOf(now.items)[0]?.body === 'yes' && messagesOf(now.items)[0]?.state === 'sent',
    )
    ann.retry(key)
    await allSent(timeline)
    expect(stored()).toEqual(['yes', 'no'])
    const ids = server.framesOf('send').filter(({ body }) => body === 'no')
    expect(new Set(ids.map(({ client_id }) => client_id)).size).toBe(1)
  })

  test('a failed message can be given up; it leaves the screen and the store', async () => {
    const storage = memoryStorage()
    const ann = await harness.signIn('ann', { storage })
    const timeline = await view(ann)
    server.refuse('send', 'forbidden')
    const key = ann.send('r1', { body: 'no' })
    await until(timeline, (now) => messagesOf(now.items)[0]?.state === 'failed')
    expect(await outboxOf(storage)).toBe(1)
    ann.discard(key)
    await until(timeline, (now) => messagesOf(now.items).length === 0)
    ann.send('r1', { body: 'yes' })
    await allSent(timeline)
    expect(await outboxOf(storage)).toBe(0)
    expect(stored()).toEqual(['yes'])
  })

  test('a passing refusal keeps the message sending, waits as long as the server says, and holds the order', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const timeline = await view(ann)
    server.refuse('send', 'rate_limited', { retry_after_ms: 2_000 })
    ann.send('r1', { body: 'first' })
    await server.until(() => server.framesOf('send').length === 1)
    ann.send('r1', { body: 'second' })
    // A later request of the same connection has been answered, so the refusal has arrived.
    await ann.react('r1', 1, '👍')
    clock.advance(1_999)
    await ann.react('r1', 1, '🎉')
    expect(messagesOf(timeline.get().items).map(({ state }) => state)).toEqual(['sending', 'sending'])
    expect(server.framesOf('send')).toHaveLength(1)
    clock.advance(1)
    await allSent(timeline)
    expect(stored()).toEqual(['first', 'second'])
  })

  test('what no server would take is refused at once', async () => {
    const ann = await harness.signIn('ann')
    expect(() => ann.send('r1', { body: ' \n ' })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    )
    expect(() => ann.send('r1', { body: 'x'.repeat(8_001) })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    )
    expect(ann.send('r1', { body: 'x'.repeat(8_000) })).toMatch(/^c:/)
    expect(() => harness.client().send('r1', { body: 'hi' })).toThrow(
      expect.objectContaining({ code: 'unauthenticated' }),
    )
  })

  test('a frame beyond the bound fails alone and does not cost the connection', async () => {
    const ann = await harness.signIn('ann')
    await expect(ann.edit('r1', 1, 'x'.repeat(70_000))).rejects.toMatchObject({ code: 'too_large' })
    expect(ann.connection.get().status).toBe('online')
    expect(server.framesOf('edit')).toEqual([])
  })
})

describe('away and back', () => {
  test('what is written while offline is shown as sending and goes when the connection is back', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.sockets = 'refused'
    server.streams = 'refused'
    for (const connection of server.connections) connection.cut()
    await until(ann.connection, ({ status }) => status !== 'online')
    ann.send('r1', { body: 'one' })
    ann.send('r1', { body: 'two' })
    expect(messagesOf(timeline.get().items).map(({ state }) => state)).toEqual(['sending', 'sending'])
    server.sockets = 'open'
    server.streams = 'open'
    await allSent(timeline)
    expect(stored()).toEqual(['one', 'two'])
  })

  test('survives the end of the program: the next one sends, in order, with the same ids', async () => {
    const storage = memoryStorage()
    const first = await harness.signIn('ann', { storage })
    server.sockets = 'refused'
    server.streams = 'refused'
    for (const connection of server.connections) connection.cut()
    await until(first.connection, ({ status }) => status !== 'online')
    const keys = [first.send('r1', { body: 'one' }), first.send('r1', { body: 'two' })]
    await first.stop()
    server.sockets = 'open'
    server.streams = 'open'
    const second = harness.client({ storage })
    await second.start()
    await online(second)
    const timeline = await view(second)
    await allSent(timeline)
    await until(timeline, ({ items }) => messagesOf(items).length === 2)
    expect(messagesOf(timeline.get().items).map(({ key }) => key)).toEqual(keys)
    expect(stored()).toEqual(['one', 'two'])
    expect(await outboxOf(storage)).toBe(0)
  })

  test('a store that fails costs no message', async () => {
    const broken = { ...memoryStorage(), set: () => Promise.reject(new Error('full')) }
    const ann = await harness.signIn('ann', { storage: broken })
    const timeline = await view(ann)
    ann.send('r1', { body: 'still' })
    await allSent(timeline)
    expect(stored()).toEqual(['still'])
  })

  test('logging out leaves nothing unsent on the device', async () => {
    const storage = memoryStorage()
    const ann = await harness.signIn('ann', { storage })
    server.refuse('send', 'forbidden')
    const timeline = await view(ann)
    ann.send('r1', { body: 'secret' })
    await until(timeline, ({ items }) => messagesOf(items)[0]?.state === 'failed')
    await ann.logout()
    expect(JSON.stringify(await storage.list(''))).toBe('[]')
  })
})

describe('two tabs of one person', () => {
  test('one sends what either writes, and both show each message once', async () => {
    const shared = openBrowser()
    const left = await harness.signIn('ann', shared)
    const right = harness.client(shared)
    await right.start()
    await online(right)
    const views = [await view(left), await view(right)]
    for (let index = 0; index < 5; index++) {
      left.send('r1', { body: `left ${index}` })
      right.send('r1', { body: `right ${index}` })
    }
    for (const timeline of views) {
      await until(timeline, ({ items }) => messagesOf(items).length === 10)
      await allSent(timeline)
    }
    expect(stored()).toHaveLength(10)
    expect(server.framesOf('send')).toHaveLength(10)
    expect(bodiesOf(views[0]?.get().items ?? [])).toEqual(bodiesOf(views[1]?.get().items ?? []))
  })

  test('what one has sent the other does not send again, and shows it as sending until its entry comes', async () => {
    const shared = openBrowser()
    const left = await harness.signIn('ann', shared)
    const right = harness.client(shared)
    await right.start()
    await online(right)
    const [leftView, rightView] = [await view(left), await view(right)]
    server.announce = false
    const key = left.send('r1', { body: 'one' })
    await allSent(leftView)
    const { items } = await until(rightView, (now) => messagesOf(now.items).length === 1)
    expect(messagesOf(items)).toMatchObject([{ key, state: 'sending' }])
    // Whatever the other tab had sent would be at the server before this.
    await right.react('r1', 1, '👍')
    expect(server.framesOf('send')).toHaveLength(1)
    server.announce = true
    server.say(room, 'u_bob', 'next')
    await until(rightView, (now) => bodiesOf(now.items).includes('next'))
    expect(messagesOf(rightView.get().items)).toMatchObject([
      { key, state: 'sent', seq: 3 },
      { body: 'next' },
    ])
    expect(server.framesOf('send')).toHaveLength(1)
  })

  test('what both find unsent at their start is sent by one, even if they cannot talk to one another', async () => {
    const { storage, locks } = openBrowser()
    const shared = { storage, locks, openChannel: null }
    const before = await harness.signIn('ann', shared)
    server.sockets = 'refused'
    server.streams = 'refused'
    for (const connection of server.connections) connection.cut()
    await until(before.connection, ({ status }) => status !== 'online')
    for (const body of ['one', 'two', 'three']) before.send('r1', { body })
    await before.stop()
    server.sockets = 'open'
    server.streams = 'open'
    server.announce = false
    const tabs = [harness.client(shared), harness.client(shared)]
    for (const tab of tabs) void tab.start()
    await server.until(() => stored().length === 3)
    for (const tab of tabs) {
      await online(tab)
      await tab.react('r1', 1, '👍')
    }
    expect(stored()).toEqual(['one', 'two', 'three'])
    expect(server.framesOf('send')).toHaveLength(3)
  })

  test('a tab that is closed leaves its messages to the other', async () => {
    const shared = openBrowser()
    const left = await harness.signIn('ann', shared)
    const right = harness.client(shared)
    await right.start()
    await online(right)
    const timeline = await view(right)
    server.holdAnswersTo = 'send'
    server.announce = false
    left.send('r1', { body: 'one' })
    left.send('r1', { body: 'two' })
    await server.until(() => server.framesOf('send').length === 1)
    await until(timeline, ({ items }) => messagesOf(items).length === 2)
    server.holdAnswersTo = null
    server.announce = true
    await left.stop()
    await allSent(timeline)
    expect(stored()).toEqual(['one', 'two'])
  })
})
