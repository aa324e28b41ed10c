/** The tokens of this device, kept where they outlive the page. */
import type { User } from '@parley/protocol'
import type { Storage } from '../api.ts'

/** What register, login and refresh answer. `expires_in` in seconds; `refresh_token` only outside browsers. */
export interface SessionAnswer {
  user: User
  access_token: string
  expires_in: number
  refresh_token?: string
}

interface Kept {
  readonly access?: string
  readonly refresh?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
}

const KEY = 'session'

export class Tokens {
  readonly #storage: Storage
  /** With cookies the tokens themselves stay out of reach of scripts; only the time of expiry is kept. */
  readonly #cookies: boolean
  #access: string | null = null
  #refresh: string | null = null
  #expiresAt: number | null = null

  constructor(storage: Storage, cookies: boolean) {
    this.#storage = storage
    this.#cookies = cookies
  }

  /** The access token, if this page has seen it. */
  get access(): string | null {
    return this.#access
  }

  get refresh(): string | null {
    return this.#refresh
  }

  /** Milliseconds since the epoch; null when unknown. */
  get expiresAt(): number | null {
    return this.#expiresAt
  }

  async take(answer: SessionAnswer, now: number): Promise<void> {
    this.#access = answer.access_token
    this.#refresh = answer.refresh_token ?? this.#refresh
    this.#expiresAt = now + answer.expires_in * 1_000
    const kept: Kept = { expiresAt: this.#expiresAt }
    const secret = { access: this.#access, ...(this.#refresh === null ? {} : { refresh: this.#refresh }) }
    // A store that is full or forbidden costs the next start its session, not this one.
    await this.#storage.set(KEY, this.#cookies ? kept : { ...kept, ...secret }).catch(() => {})
  }

  /** Takes over what another tab (or an earlier run) kept. True when that is newer than what this one knew. */
  async reload(): Promise<boolean> {
    const kept = (await this.#storage.get(KEY).catch(() => undefined)) as Kept | undefined
    if (kept?.expiresAt === undefined || kept.expiresAt === this.#expiresAt) return false
    if (this.#expiresAt !== null && kept.expiresAt < this.#expiresAt) return false
    this.#expiresAt = kept.expiresAt
    this.#access = kept.access ?? null
    this.#refresh = kept.refresh ?? this.#refresh
    return true
  }

  async clear(): Promise<void> {
    this.#access = null
    this.#refresh = null
    this.#expiresAt = null
    await this.#storage.delete(KEY).catch(() => {})
  }
}
