/** The inbox of notifications: its newest page and what was loaded beyond it, kept up to date by pushes. */
import type { InboxFrame, Notification, NotificationFrame } from '@parley/protocol'
import type { InboxState } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { Rest } from '../rest.ts'
import { ValueStore } from './store.ts'

const PAGE_ITEMS = 30
const TRIES_MAX = 3

interface Answer {
  readonly notifications: readonly Notification[]
  readonly unread: number
  readonly version: number
  readonly next?: string
}

const empty: InboxState = { items: [], unread: 0, status: 'loading', hasOlder: false, alert: null }

export class Inbox {
  readonly #rest: Rest
  readonly #clock: Clock
  readonly #state = new ValueStore<InboxState>(empty)
  #version = 0
  #next: string | undefined
  #online = false
  #stale = true
  #loading: Promise<void> | null = null
  /** Answers to whoever was signed in before are nobody's any more. */
  #epoch = 0

  constructor(rest: Rest, clock: Clock) {
    this.#rest = rest
    this.#clock = clock
  }

  readonly get = (): InboxState => this.#state.get()

  /** Nothing is asked of the server before somebody looks. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const end = this.#state.subscribe(listener)
    this.#catchUp()
    return end
  }

  /** A new connection: pushes may have been missed. */
  online(): void {
    this.#online = true
    this.#stale = true
    this.#catchUp()
  }

  offline(): void {
    this.#online = false
  }

  clear(): void {
    this.offline()
    this.#epoch++
    this.#version = 0
    this.#next = undefined
    this.#stale = true
    this.#state.set(empty)
  }

  take({ notification: item, unread, version, alert }: NotificationFrame): void {
    const { items } = this.get()
    const others = items.filter(({ id }) => id !== item.id)
    this.#tell(unread, version, {
      items: [item, ...others].sort(newestFirst),
      ...(alert ? { alert: item } : {}),
    })
  }

  takeRead({ unread, version, read }: InboxFrame): void {
    this.#tell(unread, version, { items: this.#withRead(read) })
  }

  /** Messages up to here are gone for ever; what is unread by now the server tells. */
  cut(room: string, position: number): void {
    const items = this.get().items.filter((item) => item.room !== room || item.seq > position)
    if (items.length === this.get().items.length) return
    this.#state.set({ ...this.get(), items })
    void this.reload()
  }

  /** The newest page again. Never rejects: `status` says how it went. */
  reload(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  async loadOlder(): Promise<void> {
    const cursor = this.#next
    if (cursor === undefined) return
    const answer = await this.#rest.call<Answer>('GET', '/notifications', {
      query: { limit: PAGE_ITEMS, cursor },
    })
    if (this.#next !== cursor) return
    this.#next = answer.next
    const known = new Set(this.get().items.map(({ id }) => id))
    const older = answer.notifications.filter(({ id }) => !known.has(id))
    this.#state.set({
      ...this.get(),
      items: [...this.get().items, ...older],
      hasOlder: answer.next !== undefined,
    })
  }

  /** Shown as read at once; rejects, and shows the truth again, when the server could not be told. */
  async read(ids: readonly string[] | 'all'): Promise<void> {
    const epoch = this.#epoch
    this.#state.set({ ...this.get(), items: this.#withRead(ids) })
    try {
      const body = ids === 'all' ? { all: true } : { ids }
      const { unread, version } = await this.#rest.call<Answer>('POST', '/notifications/read', { body })
      if (epoch === this.#epoch) this.#tell(unread, version, {})
    } catch (error) {
      void this.reload()
      throw error
    }
  }

  #catchUp(): void {
    if (this.#online && this.#stale && this.#state.observed) void this.reload()
  }

  async #load(): Promise<void> {
    const epoch = this.#epoch
    try {
      for (let tries = 1; tries <= TRIES_MAX; tries++) {
        this.#stale = false
        const answer = await this.#rest.call<Answer>('GET', '/notifications', {
          query: { limit: PAGE_ITEMS },
        })
        if (epoch !== this.#epoch) return
        // Pushes that came meanwhile know more than it does.
        if (answer.version < this.#version && tries < TRIES_MAX) continue
        this.#version = answer.version
        this.#next = answer.next
        const { notifications: items, unread, next } = answer
        this.#state.set({ ...this.get(), items, unread, status: 'ready', hasOlder: next !== undefined })
        return
      }
    } catch {
      if (epoch !== this.#epoch) return
      this.#stale = true
      this.#state.set({ ...this.get(), status: 'error' })
    }
  }

  /** A version that is left out means that a push was lost. */
  #tell(unread: number, version: number, changes: Partial<InboxState>): void {
    const missed = version > this.#version + 1
    const isNews = version >= this.#version
    if (isNews) this.#version = version
    this.#state.set({ ...this.get(), ...changes, ...(isNews ? { unread } : {}) })
    if (!missed) return
    this.#stale = true
    this.#catchUp()
  }

  #withRead(read: readonly string[] | 'all'): Notification[] {
    const read_at = this.#clock.now()
    return this.get().items.map((item) =>
      item.read_at === undefined && (read === 'all' || read.includes(item.id)) ? { ...item, read_at } : item,
    )
  }
}

function newestFirst(a: Notification, b: Notification): number {
  return b.at - a.at || b.seq - a.seq || (a.id < b.id ? 1 : -1)
}
