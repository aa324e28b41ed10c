/** STUN and TURN servers with credentials that last some hours. */
import type { IceServer } from '@parley/protocol/calls'
import type { Clock } from '../clock.ts'

/** Nobody waits longer for them: most calls find a way without. */
export const ICE_WITHIN_MS = 2_000
/** So fresh they are not asked for again: whoever looks for another way may have no line to the server yet. */
const FRESH_MS = 600_000

export class IceServers {
  readonly #clock: Clock
  readonly #ask: () => Promise<readonly IceServer[]>
  #servers: readonly IceServer[] = []
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | null = null

  constructor(clock: Clock, ask: () => Promise<readonly IceServer[]>) {
    this.#clock = clock
    this.#ask = ask
  }

  get present(): readonly IceServer[] {
    return this.#servers
  }

  /** Never rejects; those known so far stay where there are no others. */
  refresh(): Promise<void> {
    if (this.#clock.now() - this.#askedAt < FRESH_MS) return Promise.resolve()
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = null
    })
    const asked = this.#asking
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ICE_WITHIN_MS, resolve)
      void asked.then(() => {
        cancel()
        resolve()
      })
    })
  }

  async #fetch(): Promise<void> {
    try {
      this.#servers = await this.#ask()
      this.#askedAt = this.#clock.now()
    } catch {
      // Without a relay, then.
    }
  }
}
