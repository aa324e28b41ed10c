/** How long what is written takes to stand on the screens of those who read it. */
import type { Member, Talk } from './crowd.ts'

export interface Delays {
  readonly median_ms: number
  readonly max_ms: number
}

interface Showing {
  readonly isAuthor: boolean
  readonly sentAt: number
  readonly delayMs: number
}

export class Screens {
  readonly #showings: Showing[] = []
  readonly #ends: (() => void)[]

  constructor(talk: Talk) {
    this.#ends = talk.members.map((member) => this.#follow(talk, member))
  }

  /** On the screens of the others, of what was written between the two times (`performance.now()`). */
  delivery(from: number, to: number): Delays {
    return summarise(this.#showings.filter((one) => !one.isAuthor && isBetween(one.sentAt, from, to)))
  }

  /** Until the author's own message was acknowledged. */
  sending(from: number, to: number): Delays {
    return summarise(this.#showings.filter((one) => one.isAuthor && isBetween(one.sentAt, from, to)))
  }

  end(): void {
    for (const end of this.#ends) end()
  }

  #follow(talk: Talk, { id, parley }: Member): () => void {
    const timeline = parley.timeline(talk.room)
    let last = 0
    const look = (): void => {
      const now = performance.now()
      const from = last
      for (const item of timeline.get().items.toReversed()) {
        if (item.type !== 'message' || item.seq === null) continue
        if (item.seq <= from) break
        last = Math.max(last, item.seq)
        const sentAt = talk.sentAt.get(item.body)
        if (sentAt !== undefined)
          this.#showings.push({ isAuthor: item.from === id, sentAt, delayMs: now - sentAt })
      }
    }
    return timeline.subscribe(look)
  }
}

const isBetween = (time: number, from: number, to: number): boolean => time >= from && time <= to

function summarise(showings: readonly Showing[]): Delays {
  const sorted = showings.map(({ delayMs }) => Math.round(delayMs)).sort((a, b) => a - b)
  if (sorted.length === 0) throw new Error('nothing was shown in that time')
  return { median_ms: sorted[sorted.length >> 1] ?? 0, max_ms: sorted.at(-1) ?? 0 }
}
