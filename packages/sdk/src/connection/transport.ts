import type { ClientFrame, ServerFrame } from '@parley/protocol'

export type TransportKind = 'socket' | 'stream' | 'poll'

export interface TransportEvents {
  frame(frame: ServerFrame): void
  /** Something came that is no frame: the line lives. */
  alive(): void
  /** A position to resume from that came outside a frame. */
  cursor(cursor: string): void
  /** Said once, nothing follows; not said after `close()`. Codes as on a WebSocket, 1006 for a cut line. */
  closed(code: number, reason: string): void
}

/** One way to the server. Order: frames arrive as they were sent. Loss: only by closing. */
export interface Transport {
  /** Never throws; what cannot be sent ends in an `error` frame or in `closed`. */
  send(frame: ClientFrame): void
  close(): void
}

export interface TransportOpener {
  readonly kind: TransportKind
  /** Without `hello` after this long the way counts as blocked. */
  readonly helloWithinMs: number
  open(resume: string | null, events: TransportEvents): Transport
}

export const ABNORMAL_CLOSE = 1006
