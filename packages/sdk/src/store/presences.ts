/** Who is there: the union of what all screens show is watched. */
import { type Answers, type Presence, WATCH_MAX_USERS } from '@parley/protocol'
import type { Store } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { Request } from '../connection/link.ts'
import { ValueStore } from './store.ts'

/** A screen changes its mind several times while it is drawn. */
const COLLECT_MS = 50
const RETRY_MS = 3_000
/** Beyond this, people whom no screen shows are forgotten, those met first before others. */
const KNOWN_MAX = 2_000
const AWAY_AFTER_MS = 5 * 60_000

export interface PresencesOptions {
  readonly clock: Clock
  readonly watch: (request: Request<'watch'>) => Promise<Answers['watch']>
  readonly tell: (request: Request<'presence'>) => Promise<Answers['presence']>
}

export class Presences {
  readonly #options: PresencesOptions
  readonly #stores = new Map<string, ValueStore<Presence | undefined>>()
  readonly #watches = new Set<readonly string[]>()
  #online = false
  /** What this connection watches now. */
  #told = ''
  #away = false
  #cancelWatch: (() => void) | null = null
  #cancelAway: (() => void) | null = null

  constructor(options: PresencesOptions) {
    this.#options = options
  }

  get(id: string): Store<Presence | undefined> {
    return this.#store(id)
  }

  #store(id: string): ValueStore<Presence | undefined> {
    let store = this.#stores.get(id)
    if (store === undefined) {
      store = new ValueStore<Presence | undefined>(undefined)
      this.#stores.set(id, store)
      if (this.#stores.size > KNOWN_MAX) this.#evict()
    }
    return store
  }

  #evict(): void {
    for (const [id, store] of this.#stores) {
      if (this.#stores.size <= KNOWN_MAX * 0.9) return
      if (!store.observed) this.#stores.delete(id)
    }
  }

  take({ user, state, last_seen_at }: Presence): void {
    this.#store(user).set({ user, state, ...(last_seen_at === undefined ? {} : { last_seen_at }) })
  }

  watch(users: readonly string[]): () => void {
    const watch = [...users]
    this.#watches.add(watch)
    this.#plan(COLLECT_MS)
    return () => {
      if (this.#watches.delete(watch)) this.#plan(COLLECT_MS)
    }
  }

  /** A new connection knows nothing of what the last one watched. */
  online(): void {
    this.#online = true
    this.#told = ''
    this.#plan(0)
    if (this.#away) this.#tell('away')
  }

  offline(): void {
    this.#online = false
    this.#cancelWatch?.()
    this.#cancelWatch = null
  }

  clear(): void {
    this.offline()
    for (const store of this.#stores.values()) store.set(undefined)
  }

  close(): void {
    this.offline()
    this.#cancelAway?.()
    this.#cancelAway = null
  }

  setAttention(looking: boolean): void {
    this.#cancelAway?.()
    this.#cancelAway = null
    if (!looking) {
      if (this.#away) return
      this.#cancelAway = this.#options.clock.after(AWAY_AFTER_MS, () => {
        this.#away = true
        this.#tell('away')
      })
    } else if (this.#away) {
      this.#away = false
      this.#tell('online')
    }
  }

  #tell(state: 'online' | 'away'): void {
    if (this.#online) this.#options.tell({ t: 'presence', state }).catch(() => {})
  }

  #plan(delayMs: number): void {
    if (!this.#online || this.#cancelWatch !== null) return
    this.#cancelWatch = this.#options.clock.after(delayMs, () => {
      this.#cancelWatch = null
      void this.#send()
    })
  }

  /** The newest watches first: the frame replaces the whole list, and the server takes no more than its bound. */
  #union(): string[] {
    const users = new Set<string>()
    for (const watch of [...this.#watches].reverse()) for (const user of watch) users.add(user)
    return [...users].slice(0, WATCH_MAX_USERS)
  }

  async #send(): Promise<void> {
    const users = this.#union().sort()
    const told = users.join()
    if (told === this.#told) return
    this.#told = told
    try {
      const { presence } = await this.#options.watch({ t: 'watch', users })
      for (const one of presence) this.take(one)
    } catch {
      this.#told = ''
      this.#plan(RETRY_MS)
    }
  }
}
