/** Time that passes only when something is due: an hour of talk takes as long as what happens in it. */
import type { CreateParleyOptions } from '@parley/sdk'

type Clock = NonNullable<CreateParleyOptions['clock']>

interface Due {
  readonly at: number
  readonly callback: () => void
  cancelled: boolean
}

export class VirtualTime implements Clock {
  #now = 1_700_000_000_000
  /** Ascending; equal times in the order in which they were planned. */
  readonly #dues: Due[] = []
  /** How much has happened. */
  steps = 0

  now(): number {
    return this.#now
  }

  after(delayMs: number, callback: () => void): () => void {
    const due: Due = { at: this.#now + Math.max(0, delayMs), callback, cancelled: false }
    let [low, high] = [0, this.#dues.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#dues[middle]?.at ?? 0) <= due.at) low = middle + 1
      else high = middle
    }
    this.#dues.splice(low, 0, due)
    return () => {
      due.cancelled = true
    }
  }

  /** Lets everything happen that is due within this span, and what follows from it. */
  async pass(ms: number, look: () => void = () => {}): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await quiet()
      look()
      const next = this.#dues[0]
      if (next === undefined || next.at > end) break
      this.#dues.shift()
      if (next.cancelled) continue
      this.#now = next.at
      this.steps++
      next.callback()
    }
    this.#now = end
  }
}

/** Every promise that can settle by itself has settled. */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
