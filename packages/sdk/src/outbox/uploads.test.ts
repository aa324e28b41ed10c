/** Messages with files that are uploaded on the way. */
import type { FileShape } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { NewFile, Parley, PendingUpload, Storage, Timeline } from '../api.ts'
import { memoryStorage } from '../storage/memory.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { FakeServer } from '../testing/fake-server.ts'
import { Harness, messagesOf, online, until } from '../testing/harness.ts'
import { openBrowser } from '../testing/open-browser.ts'
import { Uploader } from './uploader.ts'

let harness: Harness
let server: FakeServer
beforeEach(async () => {
  harness = await Harness.start()
  server = harness.server
  server.addUser('ann')
  server.addRoom('r1', 'group', ['u_ann'])
})
afterEach(() => harness.end())

const file = (name: string): NewFile => ({ source: new File([`of ${name}`], name, { type: 'text/plain' }) })
const arrival = (name: string) => `${name}:of ${name}`
const stored = () =>
  server
    .room('r1')
    .messages('u_ann')
    .map(({ body, files = [] }) => [body, ...files.map(({ name }) => name)])

async function view(client: Parley): Promise<Timeline> {
  const timeline = client.timeline('r1')
  await until(timeline, ({ status }) => status === 'ready')
  return timeline
}
const shown = (timeline: Timeline) => messagesOf(timeline.get().items)
const allSent = (timeline: Timeline, count: number) =>
  until(timeline, ({ items }) => {
    const messages = messagesOf(items)
    return messages.length === count && messages.every(({ state }) => state === 'sent')
  })
const failed = (timeline: Timeline) =>
  until(timeline, ({ items }) => messagesOf(items).some(({ state }) => state === 'failed'))
const uploadsOf = (timeline: Timeline): readonly PendingUpload[] => shown(timeline)[0]?.uploads ?? []
/** Keys of messages and files on the device become as `check` wants them. */
const kept = (storage: Storage, check: (keys: readonly string[]) => boolean) =>
  vi.waitUntil(
    async () => {
      const all = [...(await storage.list('outbox/')), ...(await storage.list('upload/'))]
      return check(all.map(([key]) => key))
    },
    { interval: 5, timeout: 5_000 },
  )
const nothingKept = (storage: Storage) => kept(storage, (keys) => keys.length === 0)

async function goOffline(client: Parley): Promise<void> {
  server.sockets = 'refused'
  server.streams = 'refused'
  for (const connection of server.connections) connection.cut()
  await until(client.connection, ({ status }) => status !== 'online')
}
function comeBack(): void {
  server.sockets = 'open'
  server.streams = 'open'
}
function gate(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.files.gate = promise
  return () => {
    server.files.gate = null
    resolve()
  }
}
const arrived = (count: number) =>
  vi.waitUntil(() => server.files.arrived.length >= count, { interval: 5, timeout: 5_000 })

describe('once and in order', () => {
  test('the message is shown at once with its files, goes when they are there, and the next waits for it', async () => {
    const storage = memoryStorage()
    const ann = await harness.signIn('ann', { storage })
    const timeline = await view(ann)
    const open = gate()
    const key = ann.send('r1', { body: 'look', files: [file('a.txt'), file('b.txt')] })
    ann.send('r1', { body: 'next' })
    await arrived(1)
    expect(shown(timeline)).toMatchObject([
      { key, state: 'sending', uploads: [{ name: 'a.txt', bytes: 8 }, { name: 'b.txt' }] },
      { body: 'next', state: 'sending' },
    ])
    expect(server.framesOf('send')).toEqual([])
    const [first] = uploadsOf(timeline)
    expect(await (await ann.uploadBytes(first?.id ?? ''))?.text()).toBe('of a.txt')
    open()
    await allSent(timeline, 2)
    expect(stored()).toEqual([['look', 'a.txt', 'b.txt'], ['next']])
    expect(server.files.arrived).toEqual([arrival('a.txt'), arrival('b.txt')])
    expect(shown(timeline)[0]).toMatchObject({ key, files: [{ name: 'a.txt' }, { name: 'b.txt' }] })
    await nothingKept(storage)
  })

  test('a line that is cut in the middle costs nothing: it is uploaded again and sent once', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const timeline = await view(ann)
    server.files.failures.push('cut', 'cut', 'unavailable')
    ann.send('r1', { body: '', files: [file('a.txt')] })
    for (let count = 1; count <= 4; count++) {
      const moving = setInterval(() => clock.advance(250), 5)
      await arrived(count)
      clearInterval(moving)
    }
    await allSent(timeline, 1)
    expect(stored()).toEqual([['', 'a.txt']])
    expect(server.framesOf('send')).toHaveLength(1)
  })

  test('files that are there already keep their place among those that are not', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    const there = await ann.upload(new File(['of b.txt'], 'b.txt'))
    ann.send('r1', { body: '', files: [file('a.txt'), { ...file('b.txt'), file: there }, file('c.txt')] })
    await allSent(timeline, 1)
    expect(stored()).toEqual([['', 'a.txt', 'b.txt', 'c.txt']])
    expect(server.files.arrived.filter((one) => one === arrival('b.txt'))).toHaveLength(1)
  })
})

describe('away and back', () => {
  test('a message with a file that was written offline survives the end of the program', async () => {
    const storage = memoryStorage()
    const first = await harness.signIn('ann', { storage })
    await goOffline(first)
    const key = first.send('r1', { body: 'look', files: [file('a.txt')] })
    await kept(storage, (keys) => keys.length === 2)
    await first.stop()
    expect(server.files.arrived).toEqual([])
    comeBack()
    const second = harness.client({ storage })
    await second.start()
    await online(second)
    const timeline = await view(second)
    await allSent(timeline, 1)
    expect(shown(timeline)).toMatchObject([{ key, body: 'look', files: [{ name: 'a.txt' }] }])
    expect(server.files.arrived).toEqual([arrival('a.txt')])
    await nothingKept(storage)
  })

  test('a program that ends between upload and sending leaves the id: the next sends without uploading again', async () => {
    const storage = memoryStorage()
    const first = await harness.signIn('ann', { storage })
    server.holdAnswersTo = 'send'
    server.announce = false
    server.refuse('send', 'unavailable')
    first.send('r1', { body: '', files: [file('a.txt')] })
    await server.until(() => server.framesOf('send').length === 1)
    await first.stop()
    server.holdAnswersTo = null
    server.announce = true
    const second = harness.client({ storage })
    await second.start()
    const timeline = await view(second)
    await allSent(timeline, 1)
    expect(stored()).toEqual([['', 'a.txt']])
    expect(server.files.arrived).toEqual([arrival('a.txt')])
  })

  test('a file the server has given up after a day is uploaded anew', async () => {
    const clock = new FakeClock()
    const ann = await harness.signIn('ann', { clock })
    const timeline = await view(ann)
    const there: FileShape = await ann.upload(new File(['of a.txt'], 'a.txt'))
    await goOffline(ann)
    ann.send('r1', { body: '', files: [{ ...file('a.txt'), file: there }] })
    server.files.stored.clear()
    comeBack()
    clock.advance(25 * 3_600_000)
    await allSent(timeline, 1)
    expect(stored()).toEqual([['', 'a.txt']])
    expect(server.files.arrived).toHaveLength(2)
  })

  test('a store that takes no files costs no message while the page lives', async () => {
    const broken = { ...memoryStorage(), set: () => Promise.reject(new Error('full')) }
    const ann = await harness.signIn('ann', { storage: broken })
    const timeline = await view(ann)
    ann.send('r1', { body: '', files: [file('a.txt')] })
    await allSent(timeline, 1)
    expect(stored()).toEqual([['', 'a.txt']])
  })

  test('logging out leaves no file on the device', async () => {
    const storage = memoryStorage()
    const ann = await harness.signIn('ann', { storage })
    const timeline = await view(ann)
    server.files.failures.push('file_refused')
    ann.send('r1', { body: '', files: [file('a.txt')] })
    await failed(timeline)
    expect(await storage.list('upload/')).toHaveLength(1)
    await ann.logout()
    expect(await storage.list('')).toEqual([])
  })

  test('bytes that no message claims are removed at a later start', async () => {
    const clock = new FakeClock()
    const storage = memoryStorage()
    const old = `${String(clock.now() - 2 * 3_600_000).padStart(17, '0')}-x`
    const young = `${String(clock.now()).padStart(17, '0')}-y`
    for (const id of [old, young]) await storage.set(`upload/u_ann/${id}`, new Blob(['x']))
    await harness.signIn('ann', { storage, clock })
    await kept(storage, (keys) => !keys.some((key) => key.endsWith(old)))
    expect((await storage.list('upload/')).map(([key]) => key)).toEqual([`upload/u_ann/${young}`])
  })
})

describe('refusals', () => {
  test('a refused file makes the message a failure with its code, and the message can go without it', async () => {
    const storage = memoryStorage()
    const ann = await harness.signIn('ann', { storage })
    const timeline = await view(ann)
    server.files.failures.push('file_too_large')
    const key = ann.send('r1', { body: 'look', files: [file('big.txt'), file('b.txt')] })
    await failed(timeline)
    expect(shown(timeline)).toMatchObject([{ key, state: 'failed', error_code: 'file_too_large' }])
    const [big, other] = uploadsOf(timeline)
    expect([big?.refused, other?.refused]).toEqual(['file_too_large', undefined])
    ann.send('r1', { body: 'not held up' })
    await until(timeline, ({ items }) => messagesOf(items).some(({ state }) => state === 'sent'))
    ann.removeUpload(key, big?.id ?? '')
    await allSent(timeline, 2)
    expect(stored()).toEqual([['not held up'], ['look', 'b.txt']])
    await nothingKept(storage)
  })

  test('without the refused file nothing may be left: the message is gone, and its bytes', async () => {
    const storage = memoryStorage()
    const ann = await harness.signIn('ann', { storage })
    const timeline = await view(ann)
    server.files.failures.push('quota_exceeded')
    const key = ann.send('r1', { body: '', files: [file('a.txt')] })
    await failed(timeline)
    ann.removeUpload(key, uploadsOf(timeline)[0]?.id ?? '')
    expect(shown(timeline)).toEqual([])
    await nothingKept(storage)
  })

  test('tried again, a refused file is uploaded again', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    server.files.failures.push('quota_exceeded')
    const key = ann.send('r1', { body: '', files: [file('a.txt')] })
    await failed(timeline)
    ann.retry(key)
    await allSent(timeline, 1)
    expect(stored()).toEqual([['', 'a.txt']])
  })

  test('one file is cancelled while it is uploaded: the message goes without it', async () => {
    const ann = await harness.signIn('ann')
    const timeline = await view(ann)
    const open = gate()
    const key = ann.send('r1', { body: '', files: [file('a.txt'), file('b.txt')] })
    await arrived(1)
    ann.removeUpload(key, uploadsOf(timeline)[0]?.id ?? '')
    await arrived(2)
    open()
    await allSent(timeline, 1)
    expect(stored()).toEqual([['', 'b.txt']])
  })

  test('a message is given up while its file is uploaded, and the next goes', async () => {
    const storage = memoryStorage()
    const ann = await harness.signIn('ann', { storage })
    const timeline = await view(ann)
    gate()
    const key = ann.send('r1', { body: 'no', files: [file('a.txt')] })
    ann.send('r1', { body: 'yes' })
    await arrived(1)
    ann.discard(key)
    await allSent(timeline, 1)
    expect(stored()).toEqual([['yes']])
    await nothingKept(storage)
  })

  test('more than the device keeps is refused at once, at the bound it is not', async () => {
    const ann = await harness.signIn('ann')
    await goOffline(ann)
    const sized = (size: number) => Object.defineProperty(new Blob(['x']), 'size', { value: size })
    expect(ann.canKeep([sized(150_000_000), sized(50_000_001)])).toBe(false)
    expect(ann.canKeep([sized(200_000_000)])).toBe(true)
    expect(() => ann.send('r1', { body: '', files: [{ source: sized(200_000_001) }] })).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    )
    ann.send('r1', { body: '', files: [{ source: sized(199_999_999) }] })
    expect(ann.canKeep([sized(1)])).toBe(true)
    expect(ann.canKeep([sized(2)])).toBe(false)
  })
})

describe('two tabs of one person', () => {
  async function openTabs() {
    const shared = openBrowser()
    const left = await harness.signIn('ann', shared)
    const right = harness.client(shared)
    await right.start()
    await online(right)
    return { left, right, views: [await view(left), await view(right)] as const, shared }
  }

  test('each file is uploaded by one of them, and both show the message once', async () => {
    const { left, right, views } = await openTabs()
    for (let index = 0; index < 3; index++) {
      left.send('r1', { body: `left ${index}`, files: [file(`l${index}.txt`)] })
      right.send('r1', { body: `right ${index}`, files: [file(`r${index}.txt`)] })
    }
    for (const timeline of views) await allSent(timeline, 6)
    expect(server.files.arrived).toHaveLength(6)
    expect(new Set(server.files.arrived).size).toBe(6)
    expect(server.framesOf('send')).toHaveLength(6)
  })

  test('what one gives up the other does not upload, though it was doing so', async () => {
    const { left, right, views, shared } = await openTabs()
    gate()
    const key = left.send('r1', { body: 'no', files: [file('a.txt')] })
    await arrived(1)
    await until(views[1], ({ items }) => messagesOf(items).length === 1)
    right.discard(key)
    await until(views[0], ({ items }) => messagesOf(items).length === 0)
    right.send('r1', { body: 'yes' })
    for (const timeline of views) await allSent(timeline, 1)
    expect(stored()).toEqual([['yes']])
    expect(server.files.arrived).toHaveLength(1)
    await nothingKept(shared.storage)
  })

  test('a tab that is closed in the middle of an upload leaves it to the other', async () => {
    const { left, views } = await openTabs()
    const open = gate()
    left.send('r1', { body: '', files: [file('a.txt'), file('b.txt')] })
    await arrived(1)
    await until(views[1], ({ items }) => messagesOf(items).length === 1)
    await left.stop()
    open()
    await allSent(views[1], 1)
    expect(stored()).toEqual([['', 'a.txt', 'b.txt']])
    expect(server.framesOf('send')).toHaveLength(1)
  })
})

test('an upload that moves goes on; one that stands still for a minute ends as one that may be tried again', async () => {
  const clock = new FakeClock()
  let move = (_part: number) => {}
  const uploader = new Uploader((_file, options) => {
    move = options?.onProgress ?? move
    return new Promise(() => {})
  }, clock)
  const upload = { id: 'u', name: 'a.txt', type: '', bytes: 1, kept: true }
  let ended: unknown = null
  const running = uploader.run(upload, new Blob(['x'])).catch((error: unknown) => {
    ended = error
  })
  for (let part = 1; part <= 5; part++) {
    move(part / 10)
    clock.advance(59_999)
  }
  await Promise.resolve()
  expect([ended, uploader.part('u').get()]).toEqual([null, 0.5])
  clock.advance(1)
  await running
  expect(ended).toMatchObject({ code: 'unavailable', retryable: true })
})
