/** Renews the tokens: before they expire and when they were refused; once at a time, in all tabs together. */
import { ParleyError } from '@parley/protocol'
import type { Clock } from '../clock.ts'
import type { LocksLike } from '../environment.ts'
import type { Http } from '../http.ts'
import type { SessionAnswer, Tokens } from './tokens.ts'

/** A token this near to its end is renewed before it is used. */
const FRESH_FOR_MS = 5_000
const RETRY_MS = 10_000

export interface RefresherOptions {
  readonly http: Http
  readonly tokens: Tokens
  readonly clock: Clock
  readonly random: () => number
  readonly locks: LocksLike | null
  readonly cookies: boolean
  /** New tokens are there: the living connection should hear of them. */
  readonly renewed: () => void
  /** The server refused: this session is over. */
  readonly refused: () => void
}

export class Refresher {
  readonly #options: RefresherOptions
  #running: Promise<boolean> | null = null
  #cancel: (() => void) | null = null

  constructor(options: RefresherOptions) {
    this.#options = options
  }

  /**
   * True: the tokens are new. False: refused, the session is over. Throws `ParleyError` when the server could not be
   * asked. `needToken`: it must end with an access token in hand, which with cookies only an own refresh brings.
   */
  refresh(options: { needToken?: boolean } = {}): Promise<boolean> {
    this.#running ??= this.#locked(options.needToken === true).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async ensureFresh(): Promise<void> {
    const { tokens, clock } = this.#options
    if (tokens.expiresAt !== null && tokens.expiresAt - clock.now() < FRESH_FOR_MS) await this.refresh()
  }

  /** Plans the next renewal: a minute before the end, or at four fifths of a short life; a little early by chance, so that devices do not come together. */
  arm(): void {
    const { tokens, clock, random } = this.#options
    this.disarm()
    if (tokens.expiresAt === null) return
    const left = tokens.expiresAt - clock.now()
    const early = Math.min(60_000, left / 5)
    this.#wait(left - early * (1 + random() / 2))
  }

  disarm(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #wait(delayMs: number): void {
    this.#cancel?.()
    this.#cancel = this.#options.clock.after(Math.max(0, delayMs), () => {
      this.refresh().catch(() => this.#wait(RETRY_MS))
    })
  }

  #locked(needToken: boolean): Promise<boolean> {
    const { locks } = this.#options
    const work = () => this.#refreshOnce(needToken)
    return locks === null ? work() : locks.request('parley-refresh', work)
  }

  async #refreshOnce(needToken: boolean): Promise<boolean> {
    const { http, tokens, clock, cookies } = this.#options
    // Another tab may have been first; its tokens are ours too.
    if (!needToken && (await tokens.reload()) && (tokens.expiresAt ?? 0) - clock.now() >= FRESH_FOR_MS) {
      this.#announce()
      return true
    }
    if (!cookies && tokens.refresh === null) return this.#refuse()
    try {
      const body = tokens.refresh === null ? {} : { refresh_token: tokens.refresh }
      const answer = await http.json<SessionAnswer>({ method: 'POST', path: '/api/v1/auth/refresh', body })
      await tokens.take(answer, clock.now())
    } catch (error) {
      if (error instanceof ParleyError && (error.status === 401 || error.status === 403))
        return this.#refuse()
      throw error
    }
    this.#announce()
    return true
  }

  #announce(): void {
    this.arm()
    this.#options.renewed()
  }

  #refuse(): boolean {
    this.disarm()
    this.#options.refused()
    return false
  }
}
