/** A WebSocket as a link. Frames of ours are written raw: shared bytes, one system call a flush. */
import type { Socket } from 'node:net'
import { type CloseReason, closeCodes } from '@parley/protocol'
import type { WebSocket } from 'ws'
import type { Burst } from './burst.ts'
import type { Link } from './link.ts'

/** An empty unmasked ping (RFC 6455, 5.5.2), shared by all. */
const PING = Buffer.from([0x89, 0x00])

export class SocketLink implements Link {
  readonly answersPing = true
  readonly #socket: WebSocket
  readonly #raw: Socket

  constructor(socket: WebSocket, raw: Socket) {
    this.#socket = socket
    this.#raw = raw
  }

  get waitingBytes(): number {
    return this.#raw.writableLength
  }

  write(bursts: readonly Burst[]): void {
    // After a close frame nothing may follow (RFC 6455, 5.5.1).
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const [first] = bursts
    if (bursts.length === 1 && first !== undefined) {
      this.#raw.write(first.bytes)
      return
    }
    this.#raw.cork()
    for (const burst of bursts) this.#raw.write(burst.bytes)
    this.#raw.uncork()
  }

  close(reason: CloseReason): void {
    this.#socket.close(closeCodes[reason].code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#raw.write(PING)
  }
}
