/** What arrives, kept in order, and waited for by what it says. */
import type { Json } from './people.ts'

export type Frame = Json

const WITHIN_MS = 10_000

export interface Inbox {
  readonly frames: readonly Frame[]
  add(frame: Frame): void
  /** Nothing more will come: whoever waits is told. */
  end(why: string): void
  /** The first frame from `since` on that matches. Rejects after 10 s, or when the end came first. */
  next(match: (frame: Frame) => boolean, since?: number): Promise<Frame>
}

export function createInbox(label: string): Inbox {
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  let ended: string | undefined
  const wake = () => {
    for (const look of [...waiting]) look()
  }

  return {
    frames,
    add(frame) {
      frames.push(frame)
      wake()
    },
    end(why) {
      ended ??= why
      wake()
    },
    next(match, since = 0) {
      return new Promise((resolve, reject) => {
        let place = since
        const stop = (settle: () => void) => {
          waiting.delete(look)
          clearTimeout(timer)
          settle()
        }
        const describe = () =>
          `${label}: ${match.toString()} did not come; last: ${JSON.stringify(frames.slice(-3))}`
        const look = () => {
          for (; place < frames.length; place++) {
            const frame = frames[place]
            if (frame !== undefined && match(frame)) return stop(() => resolve(frame))
          }
          if (ended !== undefined) stop(() => reject(new Error(`${describe()}; it ended: ${ended}`)))
        }
        const timer = setTimeout(() => stop(() => reject(new Error(describe()))), WITHIN_MS)
        waiting.add(look)
        look()
      })
    },
  }
}
