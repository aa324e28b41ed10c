/** What carries a connection's frames: a socket, an event stream, a poll, or the door of a seed. */
import type { CloseReason } from '@parley/protocol'
import type { Burst } from './burst.ts'

export interface Link {
  /** Writes these bursts now, in order, in as few system calls as it can. */
  write(bursts: readonly Burst[]): void
  /** Bytes handed over but not yet taken by the network. */
  readonly waitingBytes: number
  /** Says why, then ends. */
  close(reason: CloseReason): void
  /** Ends without a word: the other side is not listening. */
  terminate(): void
  /** Whether the other side answers `ping`; where it does not, a broken line shows when it is written to. */
  readonly answersPing: boolean
  ping(): void
}
