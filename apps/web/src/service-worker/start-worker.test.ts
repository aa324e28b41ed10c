import { beforeEach, describe, expect, it } from 'vitest'
import { startWorker } from './start-worker.ts'

interface Notice {
  readonly title: string
  readonly tag: string
  readonly data: unknown
  readonly requireInteraction?: boolean
  close(): void
}
interface Page {
  readonly focused: boolean
  readonly visibilityState: string
}

let notices: Notice[]
let pages: Page[]
let opened: string[]
let messages: unknown[]
let endpoint: string
let fire: (type: string, event: object) => Promise<void>

beforeEach(() => {
  notices = []
  pages = []
  opened = []
  messages = []
  endpoint = 'https://push.example/1'
  const handlers = new Map<string, (event: object) => void>()
  const scope = {
    addEventListener: (type: string, handler: (event: object) => void) => handlers.set(type, handler),
    registration: {
      pushManager: { getSubscription: async () => (endpoint === '' ? null : { endpoint }) },
      getNotifications: async ({ tag }: { tag: string }) => notices.filter((one) => one.tag === tag),
      async showNotification(title: string, options: Omit<Notice, 'title' | 'close'>) {
        const { tag } = options
        const notice: Notice = {
          title,
          ...options,
          close() {
            notices = notices.filter((one) => one !== notice)
          },
        }
        notices = [...notices.filter((one) => one.tag !== tag), notice]
      },
    },
    clients: {
      matchAll: async () =>
        pages.map((page) => ({
          ...page,
          focus: async () => ({ postMessage: (message: unknown) => messages.push(message) }),
        })),
      openWindow: async (path: string) => void opened.push(path),
    },
  }
  startWorker(scope as unknown as ServiceWorkerGlobalScope)
  fire = async (type, event) => {
    const work: Promise<unknown>[] = []
    handlers.get(type)?.({ ...event, waitUntil: (promise: Promise<unknown>) => work.push(promise) })
    await Promise.all(work)
  }
})

const show = { type: 'show', room: 'r1', seq: 7, kind: 'mention', at: 100, from: 'Ann', text: 'hello' }
const push = (data: unknown) => fire('push', { data: { json: () => data } })
const click = () => fire('notificationclick', { notification: notices[0] })

describe('a push', () => {
  it('is shown, one a room, and a later one replaces it', async () => {
    await push(show)
    await push({ ...show, at: 200, count: 2 })
    await push({ ...show, room: 'r2' })
    expect(notices.map(({ title, tag }) => [tag, title])).toEqual([
      ['r1', 'Ann (2)'],
      ['r2', 'Ann'],
    ])
  })

  it('that was overtaken by a later one changes nothing', async () => {
    await push({ ...show, at: 200, from: 'Ben' })
    await push(show)
    expect(notices.map(({ title }) => title)).toEqual(['Ben'])
  })

  it('is not shown to whoever looks at a page of ours', async () => {
    pages = [{ focused: true, visibilityState: 'visible' }]
    await push(show)
    expect(notices).toEqual([])
    pages = [{ focused: false, visibilityState: 'visible' }]
    await push(show)
    expect(notices).toHaveLength(1)
  })

  it('always shows something where the permission depends on it', async () => {
    endpoint = 'https://web.push.apple.com/1'
    pages = [{ focused: true, visibilityState: 'visible' }]
    await push({ ...show, at: 200, from: 'Ben' })
    const [first] = notices
    await push(show)
    expect(notices.map(({ title }) => title)).toEqual(['Ben'])
    expect(notices[0]).not.toBe(first)
  })

  it('that clears a room leaves the others', async () => {
    await push(show)
    await push({ ...show, room: 'r2' })
    await push({ type: 'clear', room: 'r1' })
    expect(notices.map(({ tag }) => tag)).toEqual(['r2'])
  })

  it('of a call rings beside what is unread of the room, until it is over or missed', async () => {
    const ring = { type: 'show', room: 'r1', seq: 8, kind: 'ring', at: 200, from: 'Ben' }
    await push(show)
    await push(ring)
    await push({ ...ring, at: 300 })
    expect(notices.map(({ tag, requireInteraction }) => [tag, requireInteraction])).toEqual([
      ['r1', undefined],
      ['ring r1', true],
    ])
    await push({ type: 'clear', room: 'r1', kind: 'ring' })
    expect(notices.map(({ tag }) => tag)).toEqual(['r1'])
    await push(ring)
    await push({ ...show, at: 400, kind: 'call', from: 'Ben' })
    expect(notices.map(({ tag, title }) => [tag, title])).toEqual([['r1', 'Ben']])
    await push(ring)
    await push({ type: 'clear', room: 'r1' })
    expect(notices.map(({ tag }) => tag)).toEqual(['ring r1'])
    await click()
    expect([opened, notices]).toEqual([['/r/r1'], []])
  })

  it('that is not ours, or newer than this worker, does no harm', async () => {
    await fire('push', { data: null })
    for (const data of [null, 'text', {}, { type: 'wave', room: 'r1' }]) await push(data)
    expect(notices).toEqual([])
  })
})

describe('a click', () => {
  it('opens the message where no page is open', async () => {
    await push(show)
    await click()
    expect([opened, messages, notices]).toEqual([['/r/r1/7'], [], []])
  })

  it('brings a page that is open to the front and lets it go there', async () => {
    await push(show)
    pages = [
      { focused: false, visibilityState: 'hidden' },
      { focused: false, visibilityState: 'visible' },
    ]
    await click()
    expect([opened, messages]).toEqual([[], [{ type: 'parley.open', path: '/r/r1/7' }]])
  })
})
