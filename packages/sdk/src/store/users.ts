/** People, by id: what is not known is asked for, many in one request. */
import { LIST_MAX_ITEMS, type User } from '@parley/protocol'
import type { Store } from '../api.ts'
import type { Clock } from '../clock.ts'
import { ValueStore } from './store.ts'

/** Look-ups of one drawing of the screen go together. */
const COLLECT_MS = 10
const RETRY_MS = 5_000
/** Beyond this, people whom no screen shows are forgotten, those met first before others. */
const KNOWN_MAX = 5_000

export class Users {
  readonly #clock: Clock
  readonly #fetch: (ids: readonly string[]) => Promise<readonly User[]>
  readonly #stores = new Map<string, ValueStore<User | undefined>>()
  readonly #wanted = new Set<string>()
  #cancel: (() => void) | null = null
  #open = false

  constructor(clock: Clock, fetch: (ids: readonly string[]) => Promise<readonly User[]>) {
    this.#clock = clock
    this.#fetch = fetch
  }

  /** From here on the server can be asked. */
  open(): void {
    this.#open = true
    if (this.#wanted.size > 0) this.#plan(COLLECT_MS)
  }

  close(): void {
    this.#open = false
    this.#cancel?.()
    this.#cancel = null
  }

  get(id: string): Store<User | undefined> {
    const known = this.#stores.get(id)
    if (known !== undefined) return known
    const store = this.#add(id)
    this.#wanted.add(id)
    if (this.#open) this.#plan(COLLECT_MS)
    return store
  }

  take(user: User): void {
    const store = this.#stores.get(user.id) ?? this.#add(user.id)
    this.#wanted.delete(user.id)
    const old = store.get()
    const same =
      old?.username === user.username &&
      old.display_name === user.display_name &&
      old.avatar_url === user.avatar_url
    if (!same) store.set(user)
  }

  #add(id: string): ValueStore<User | undefined> {
    const store = new ValueStore<User | undefined>(undefined)
    this.#stores.set(id, store)
    if (this.#stores.size > KNOWN_MAX) this.#evict()
    return store
  }

  #evict(): void {
    for (const [id, store] of this.#stores) {
      if (this.#stores.size <= KNOWN_MAX * 0.9) return
      if (!store.observed && !this.#wanted.has(id)) this.#stores.delete(id)
    }
  }

  #plan(delayMs: number): void {
    this.#cancel ??= this.#clock.after(delayMs, () => {
      this.#cancel = null
      void this.#ask()
    })
  }

  async #ask(): Promise<void> {
    const ids = [...this.#wanted].slice(0, LIST_MAX_ITEMS)
    if (ids.length === 0 || !this.#open) return
    try {
      for (const user of await this.#fetch(ids)) this.take(user)
      // Who was not answered does not exist: not asked for again.
      for (const id of ids) this.#wanted.delete(id)
      if (this.#wanted.size > 0) this.#plan(0)
    } catch {
      if (this.#open) this.#plan(RETRY_MS)
    }
  }
}
