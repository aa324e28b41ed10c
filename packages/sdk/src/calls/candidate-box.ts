/** ICE candidates on their way to the SFU: they come in bursts, and mean nothing before the description they belong to. */
import type { Clock } from '../clock.ts'

const BATCH_MS = 30
/** Of one request. */
const BATCH_MAX = 50

export class CandidateBox {
  readonly #clock: Clock
  /** May lose them: then the SFU learns the address from the first packets. */
  readonly #send: (candidates: unknown[]) => void
  #waiting: unknown[] = []
  #isOpen = false
  #cancel: (() => void) | null = null

  constructor(clock: Clock, send: (candidates: unknown[]) => void) {
    this.#clock = clock
    this.#send = send
  }

  /** Null: there are no more. */
  put(candidate: unknown): void {
    this.#waiting.push(candidate)
    if (this.#isOpen) this.#cancel ??= this.#clock.after(BATCH_MS, () => this.#flush())
  }

  /** The SFU has the description. */
  open(): void {
    this.#isOpen = true
    this.#flush()
  }

  close(): void {
    this.#isOpen = false
    this.#cancel?.()
    this.#waiting = []
  }

  #flush(): void {
    this.#cancel?.()
    this.#cancel = null
    while (this.#waiting.length > 0) this.#send(this.#waiting.splice(0, BATCH_MAX))
  }
}
