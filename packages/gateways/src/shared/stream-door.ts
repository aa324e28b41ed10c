import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from './token-verifier.ts'

/**
 * The stand-by link as the http gateway sees it: who asks is known, everything else is the delivery engine's.
 * Order, loss and promises are those of a socket.
 */
export interface StreamDoor {
  /**
   * Takes over an answer whose headers are not sent yet: server-sent events, or with `poll` one JSON answer.
   * Never throws; what goes wrong later ends the stream with a `close` event.
   */
  open(
    request: IncomingMessage,
    reply: ServerResponse,
    principal: Principal,
    query: { resume?: string; poll: boolean },
  ): void
  /** Hands in one frame; the `ok` or `error` frame comes back, `null` when this user has no such session. */
  request(principal: Principal, session: string, frame: unknown): Promise<object | null>
}
