/** What is known of a seat, kept in its row; and its end, which comes once. */
import { type Clock, type Log, type MediaSeat, MediaSeatGone } from '@parley/contracts'
import type { MediaTold } from '@parley/protocol/calls'
import type { SeatKey, StoredSeat } from './seat-rows.ts'

export interface HeldSeatParts {
  readonly key: SeatKey
  readonly stored: StoredSeat
  readonly line: MediaSeat
  /** Of another process: who sends has to be asked for before anything follows from it. */
  readonly resumed: boolean
  /** So many others will send within a moment, as those of a call that has moved. */
  readonly expected: number
  readonly clock: Clock
  readonly log: Log
  tell(told: MediaTold): void
  /** False when the seat is another process's now. */
  save(stored: StoredSeat): Promise<boolean>
  /** `gone`: its connections are over, and the browser was told so. `taken`: another process goes on with it. */
  onEnd(why: 'gone' | 'taken'): void
  onMissed(): void
  onDoubt(): void
}

export interface SeatCore {
  readonly stored: StoredSeat
  readonly isOver: boolean
  keep(more: Partial<StoredSeat>): Promise<void>
  /** Of something that is asked of the server: a seat that it does not know any more is over. */
  atServer<Result>(work: () => Promise<Result>): Promise<Result>
  /** Its connections are over. */
  lose(): void
  /** Nothing more is done for it. */
  end(): void
  /** Calls back unless it has ended by then; the returned function cancels. */
  after(ms: number, callback: () => void): () => void
}

export function createSeatCore(parts: HeldSeatParts): SeatCore {
  const { line, clock } = parts
  let stored = parts.stored
  let isOver = false

  function lose(): void {
    if (isOver) return
    isOver = true
    void line.close()
    parts.tell({ told: 'gone' })
    parts.onEnd('gone')
  }

  return {
    get stored() {
      return stored
    },
    get isOver() {
      return isOver
    },
    async keep(more) {
      stored = { ...stored, ...more, state: line.state, feed: line.feed }
      if (isOver || (await parts.save(stored)) || isOver) return
      isOver = true
      line.release()
      parts.onEnd('taken')
    },
    async atServer(work) {
      try {
        return await work()
      } catch (error) {
        if (error instanceof MediaSeatGone) lose()
        throw error
      }
    },
    lose,
    end() {
      isOver = true
    },
    after: (ms, callback) =>
      clock.after(ms, () => {
        if (!isOver) callback()
      }),
  }
}
