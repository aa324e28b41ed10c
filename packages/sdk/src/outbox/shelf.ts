/** What the tabs of one person share of the outbox: the store with its messages and files, a channel, and locks. */
import type { Storage } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { ChannelLike, LocksLike } from '../environment.ts'
import { type OutboxItem, outboxKey, outboxPrefix, readOutboxItem } from './outbox-item.ts'
import { uploadPrefix, uploadTime } from './outbox-upload.ts'

/** What tabs of one person tell one another. */
export type Note =
  | { readonly kind: 'put'; readonly item: OutboxItem }
  | { readonly kind: 'gone'; readonly room: string; readonly client_id: string }

export interface ShelfOptions {
  readonly clock: Clock
  readonly storage: Storage
  readonly locks: LocksLike | null
  readonly openChannel: ((name: string) => ChannelLike) | null
}

/** Bytes are written before their message: what nobody claims after this long was left by a tab that ended between. */
const UNCLAIMED_MS = 3_600_000

export class Shelf {
  readonly #options: ShelfOptions
  #user: string | null = null
  #channel: ChannelLike | null = null
  /** Bytes that are not in the store, or not yet. */
  readonly #bytes = new Map<string, Blob>()
  readonly #tails = new Map<string, Promise<unknown>>()

  constructor(options: ShelfOptions) {
    this.#options = options
  }

  get user(): string | null {
    return this.#user
  }

  open(user: string, hear: (note: Note) => void): void {
    this.#user = user
    this.#channel = this.#options.openChannel?.(`parley-outbox-${user}`) ?? null
    this.#channel?.addEventListener('message', ({ data }) => hear(data as Note))
  }

  close(): void {
    this.#user = null
    this.#channel?.close()
    this.#channel = null
    this.#bytes.clear()
  }

  /** Removes what this person left here. */
  async forget(user: string): Promise<void> {
    const { storage } = this.#options
    for (const prefix of [outboxPrefix(user), uploadPrefix(user)]) {
      const stored = await storage.list(prefix).catch(() => [])
      await Promise.all(stored.map(([key]) => storage.delete(key).catch(() => {})))
    }
  }

  /** Of one room or of all; rejects as the store does. */
  async list(room?: string): Promise<readonly OutboxItem[]> {
    if (this.#user === null) return []
    const stored = await this.#options.storage.list(outboxPrefix(this.#user, room))
    return stored.flatMap(([, value]) => readOutboxItem(value) ?? [])
  }

  async find(item: OutboxItem): Promise<OutboxItem | undefined> {
    if (this.#user === null) return undefined
    return readOutboxItem(await this.#options.storage.get(outboxKey(this.#user, item)))
  }

  /** Rejects as the store does, and for a message whose bytes the store did not take: it could not be sent by the next page. */
  async save(item: OutboxItem): Promise<void> {
    const user = this.#user
    if (user === null) return
    if (item.uploads?.some(({ id, file }) => file === undefined && this.#bytes.has(id)))
      throw new Error('The store did not take the files.')
    await this.#options.storage.set(outboxKey(user, item), item)
    this.#channel?.postMessage({ kind: 'put', item } satisfies Note)
  }

  async remove(item: OutboxItem): Promise<void> {
    const user = this.#user
    if (user === null) return
    await this.#options.storage.delete(outboxKey(user, item)).catch(() => {})
    const { room, client_id, uploads = [] } = item
    this.#channel?.postMessage({ kind: 'gone', room, client_id } satisfies Note)
    await this.removeBytes(uploads.filter(({ kept }) => kept).map(({ id }) => id))
  }

  /** They can be read at once; resolves when the store has them, rejects when it does not take them. */
  async saveBytes(all: ReadonlyMap<string, Blob>): Promise<void> {
    const user = this.#user
    for (const [id, bytes] of all) this.#bytes.set(id, bytes)
    for (const [id, bytes] of all) {
      if (user === null || user !== this.#user) return
      await this.#options.storage.set(uploadPrefix(user) + id, bytes)
      this.#bytes.delete(id)
      // Signed out meanwhile: nothing is left behind.
      if (user !== this.#user) await this.#options.storage.delete(uploadPrefix(user) + id)
    }
  }

  async bytes(id: string): Promise<Blob | undefined> {
    const here = this.#bytes.get(id)
    if (here !== undefined || this.#user === null) return here
    const found = await this.#options.storage.get(uploadPrefix(this.#user) + id).catch(() => undefined)
    return found instanceof Blob ? found : undefined
  }

  async removeBytes(ids: readonly string[]): Promise<void> {
    const user = this.#user
    for (const id of ids) this.#bytes.delete(id)
    if (user === null) return
    const { storage } = this.#options
    await Promise.all(ids.map((id) => storage.delete(uploadPrefix(user) + id).catch(() => {})))
  }

  /** Removes bytes that belong to none of these messages. */
  async sweep(items: readonly OutboxItem[]): Promise<void> {
    if (this.#user === null) return
    const prefix = uploadPrefix(this.#user)
    const claimed = new Set(items.flatMap(({ uploads = [] }) => uploads.map(({ id }) => id)))
    const before = this.#options.clock.now() - UNCLAIMED_MS
    const ids = (await this.#options.storage.list(prefix)).map(([key]) => key.slice(prefix.length))
    await this.removeBytes(ids.filter((id) => !claimed.has(id) && uploadTime(id) < before))
  }

  /** One tab at a time sends for a room. Rejects where the lock is refused. */
  holding(room: string, work: () => Promise<void>): Promise<void> {
    const { locks } = this.#options
    return locks === null ? work() : locks.request(`parley-outbox-${this.#user}-${room}`, work)
  }

  /** One change of a message at a time, of all tabs: each reads what the one before it has written. */
  async changing(item: OutboxItem, work: () => Promise<void>): Promise<void> {
    const name = `parley-outbox-item-${this.#user}-${item.client_id}`
    const { locks } = this.#options
    const run = () => (locks === null ? work() : locks.request(name, work))
    const done = (this.#tails.get(name) ?? Promise.resolve()).then(run).catch(() => {})
    this.#tails.set(name, done)
    await done
    if (this.#tails.get(name) === done) this.#tails.delete(name)
  }
}
