/** A client of few lines that knows only the protocol: it reconnects at once, resumes, and fills its gaps by `log`. */
import type { Entry, ServerFrame } from '@parley/protocol'
import { WebSocket } from 'ws'
import { descents } from '../support/audit.ts'

export class RawClient {
  /** Every entry of the room, by seq. */
  readonly entries = new Map<number, Entry>()
  /** Entries pushed again or out of order on one connection. */
  disorders = 0
  /** Connections that came as far as `ready`. */
  connections = 0
  ready = false
  /** Of the last connection that ended. */
  closeCode: number | undefined
  readonly #url: string
  readonly #token: string
  readonly #room: string
  readonly #changed: () => void
  #socket: WebSocket | undefined
  #cursor = ''
  #pushed: number[] = []
  #stopped = false

  constructor(options: { url: string; token: string; room: string; changed?: () => void }) {
    this.#url = options.url.replace(/^http/, 'ws')
    this.#token = options.token
    this.#room = options.room
    this.#changed = options.changed ?? (() => {})
  }

  connect(): void {
    const socket = new WebSocket(`${this.#url}/ws?resume=${this.#cursor}`, {
      headers: { authorization: `Bearer ${this.#token}` },
      perMessageDeflate: false,
    })
    this.#socket = socket
    this.#pushed = []
    socket.on('message', (data) => this.#hear(JSON.parse(String(data)) as ServerFrame, socket))
    // `close` follows.
    socket.on('error', () => {})
    socket.on('close', (code) => {
      this.ready = false
      this.closeCode = code
      this.disorders += descents(this.#pushed)
      this.#changed()
      if (!this.#stopped) this.connect()
    })
  }

  /** Reads nothing more of what the server sends; the line stays open. */
  freeze(): void {
    this.#socket?.pause()
  }

  thaw(): void {
    this.#socket?.resume()
  }

  /** Connects no more. */
  retire(): void {
    this.#stopped = true
  }

  stop(): void {
    this.retire()
    this.#socket?.terminate()
  }

  /** Numbers up to `head` that never arrived. */
  missing(head: number): number {
    let count = 0
    for (let seq = 1; seq <= head; seq++) if (!this.entries.has(seq)) count++
    return count
  }

  #hear(frame: ServerFrame, socket: WebSocket): void {
    if (frame.t === 'ready') {
      this.#cursor = frame.cursor
      this.ready = true
      this.connections++
      this.#fetch(socket)
    } else if (frame.t === 'entry' && frame.room === this.#room) {
      this.#pushed.push(frame.seq)
      this.entries.set(frame.seq, frame)
    } else if (frame.t === 'ok' && 'rooms' in frame) this.#takeLog(frame, socket)
    this.#changed()
  }

  /** What follows the last number without a gap before it. */
  #fetch(socket: WebSocket): void {
    let after = 0
    while (this.entries.has(after + 1)) after++
    socket.send(JSON.stringify({ t: 'log', id: after, rooms: [{ room: this.#room, after }], limit: 200 }))
  }

  #takeLog(frame: object, socket: WebSocket): void {
    const [found] = (frame as { rooms: { entries?: Entry[]; more?: boolean }[] }).rooms
    for (const entry of found?.entries ?? []) this.entries.set(entry.seq, entry)
    if (found?.more === true && socket.readyState === WebSocket.OPEN) this.#fetch(socket)
  }
}
