import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Dialect, Reading } from './dialects.ts'
import {
  encodeMaskedFrame,
  FrameWalker,
  MAX_SMALL_PAYLOAD_BYTES,
  OPCODE_CLOSE,
  OPCODE_PING,
  OPCODE_PONG,
  OPCODE_TEXT,
} from './frames.ts'

/**
 * All sockets of a process read into one buffer: a read is handled before the next one begins, and a buffer for
 * each read would be most of the generator's work.
 */
export const READ_BUFFER_BYTES = 262_144

export interface RawSocketOptions {
  host: string
  port: number
  dialect: Dialect
  room: string
  token?: string
  readBuffer: Buffer
  onReady(socket: RawSocket): void
  /** Called once, when the connection ended for whatever reason, ours included. */
  onEnd(socket: RawSocket, reason: string): void
}

/** One WebSocket connection over a bare TCP socket. */
export class RawSocket {
  readonly room: string
  readonly walker: FrameWalker
  /** Set for senders: every text frame goes here, parsed. Receivers only count. */
  onReading: ((reading: Reading) => void) | undefined
  ended = false
  #socket: Socket
  #dialect: Dialect
  #options: RawSocketOptions
  #upgradeHead = ''
  #open = false
  #ready = false
  #mask = randomBytes(4).readUInt32BE()
  #outgoing: Buffer[] = []

  constructor(options: RawSocketOptions) {
    this.#options = options
    this.#dialect = options.dialect
    this.room = options.room
    this.walker = new FrameWalker(Number.POSITIVE_INFINITY, (opcode, payload) =>
      this.#takeFrame(opcode, payload),
    )
    this.#socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      onread: {
        buffer: options.readBuffer,
        callback: (bytes, buffer) => {
          this.#takeBytes(bytes, buffer as Buffer)
          return true
        },
      },
    })
    this.#socket.once('connect', () => this.#socket.write(this.#upgradeRequest()))
    this.#socket.once('error', (error) => this.#end(error.message))
    this.#socket.once('close', () => this.#end('the server closed the connection'))
  }

  /** Queues a text frame; `flush` writes everything queued in one go. */
  queueText(text: string): void {
    this.#outgoing.push(encodeMaskedFrame(OPCODE_TEXT, Buffer.from(text), this.#nextMask()))
  }

  flush(): void {
    if (this.#outgoing.length === 0 || this.ended) return
    const [only] = this.#outgoing
    this.#socket.write(
      this.#outgoing.length === 1 && only !== undefined ? only : Buffer.concat(this.#outgoing),
    )
    this.#outgoing = []
  }

  /** Keeps every frame from now on (a sender), or only the small ones (a receiver). */
  keepAllFrames(all: boolean): void {
    this.walker.keepBelowBytes = all ? Number.POSITIVE_INFINITY : MAX_SMALL_PAYLOAD_BYTES + 1
  }

  close(): void {
    this.ended = true
    this.#socket.destroy()
  }

  #upgradeRequest(): string {
    const lines = [
      `GET ${this.#dialect.path(this.room)} HTTP/1.1`,
      `Host: ${this.#options.host}:${this.#options.port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ]
    if (this.#options.token !== undefined) lines.push(`Authorization: Bearer ${this.#options.token}`)
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  #takeBytes(bytes: number, buffer: Buffer): void {
    if (this.ended) return
    try {
      if (this.#open) this.walker.push(buffer, bytes)
      else this.#takeUpgrade(buffer.subarray(0, bytes))
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error))
    }
    this.flush()
  }

  #takeUpgrade(bytes: Buffer): void {
    this.#upgradeHead += bytes.toString('latin1')
    const end = this.#upgradeHead.indexOf('\r\n\r\n')
    if (end < 0) return
    const status = this.#upgradeHead.slice(0, this.#upgradeHead.indexOf('\r\n'))
    if (!status.startsWith('HTTP/1.1 101')) throw new Error(`the upgrade was answered "${status}"`)
    this.#open = true
    const rest = Buffer.from(this.#upgradeHead.slice(end + 4), 'latin1')
    this.#upgradeHead = ''
    if (this.#dialect.readyAtUpgrade) this.#becomeReady()
    if (rest.length > 0) this.walker.push(rest, rest.length)
  }

  #takeFrame(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE_PING) {
      this.#outgoing.push(encodeMaskedFrame(OPCODE_PONG, payload, this.#nextMask()))
      return
    }
    if (opcode === OPCODE_CLOSE) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      throw new Error(`the server closed the connection with ${code} ${payload.toString('utf8', 2)}`)
    }
    if (opcode !== OPCODE_TEXT) return
    const reading = this.#dialect.read(payload.toString('utf8'))
    if (reading.kind === 'answer') this.queueText(reading.text)
    else if (reading.kind === 'ready') this.#becomeReady()
    else if (reading.kind === 'refused' && !this.#ready)
      throw new Error(`refused before ready: ${reading.reason}`)
    else this.onReading?.(reading)
  }

  #becomeReady(): void {
    if (this.#ready) return
    this.#ready = true
    this.keepAllFrames(false)
    this.#options.onReady(this)
  }

  #end(reason: string): void {
    if (this.ended) return
    this.close()
    this.#options.onEnd(this, reason)
  }

  /** Changes from frame to frame without a call for random bytes each time. */
  #nextMask(): number {
    this.#mask = (Math.imul(this.#mask, 1_664_525) + 1_013_904_223) >>> 0
    return this.#mask
  }
}
