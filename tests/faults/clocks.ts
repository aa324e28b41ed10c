/** Clocks for clients under test, in real time at heart: timers go by the machine, which no change of the time of day moves. */
import type { CreateParleyOptions } from '@parley/sdk'

type Clock = NonNullable<CreateParleyOptions['clock']>

/** Time that passes `factor` times as fast, and whose time of day can be set. */
export class BentClock implements Clock {
  readonly #factor: number
  readonly #beganAt = Date.now()
  readonly #origin = performance.now()
  #offsetMs = 0

  constructor(factor = 1) {
    this.#factor = factor
  }

  now(): number {
    return this.#beganAt + (performance.now() - this.#origin) * this.#factor + this.#offsetMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs / this.#factor)
    timer.unref()
    return () => clearTimeout(timer)
  }

  /** As when the machine learns what time it really is. */
  jump(ms: number): void {
    this.#offsetMs += ms
  }
}
