/** Whether what should come over a connection does. A browser takes five seconds to say that it does not. */
import type { Clock } from '../clock.ts'

/** Sound and pictures come many times a second. */
export const STILL_MS = 2_000

export class FlowWatch {
  readonly #clock: Clock
  readonly #stillMs: number
  readonly #still: () => void
  #cameAt = 0
  /** When that was last seen to grow, or could not be expected to. */
  #since: number
  #told = false

  /** `still` is told once, and again when something has come in between. */
  constructor(clock: Clock, stillMs: number, still: () => void) {
    this.#clock = clock
    this.#stillMs = stillMs
    this.#still = still
    this.#since = clock.now()
  }

  /** Some times a second: when something came last, as `PeerPort.hearing` says it, and whether anybody sends anything. */
  take(cameAt: number, expected: boolean): void {
    if (cameAt > this.#cameAt || !expected) {
      this.#cameAt = Math.max(this.#cameAt, cameAt)
      this.#told = false
      this.forgive()
    } else if (this.#cameAt > 0 && !this.#told && this.#clock.now() - this.#since >= this.#stillMs) {
      this.#told = true
      this.#still()
    }
  }

  /** Something is being done about it already. */
  forgive(): void {
    this.#since = this.#clock.now()
  }
}
