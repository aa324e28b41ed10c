import type { ServerResponse } from 'node:http'
import type { ReadyFrame, ServerFrame } from '@parley/protocol'
import type { WebSocket } from 'ws'

/** What a connection of the stand-in server travels on. */
export interface FakeLine {
  send(frame: ServerFrame): void
  /** In one write. */
  burst(frames: readonly string[]): void
  close(code: number, reason: string): void
  cut(): void
}

export class SocketLine implements FakeLine {
  readonly #socket: WebSocket

  constructor(socket: WebSocket) {
    this.#socket = socket
  }

  send(frame: ServerFrame): void {
    this.#socket.send(JSON.stringify(frame))
  }

  burst(frames: readonly string[]): void {
    const { _socket: socket } = this.#socket as unknown as { _socket: { cork(): void; uncork(): void } }
    socket.cork()
    for (const frame of frames) this.#socket.send(frame)
    socket.uncork()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  cut(): void {
    this.#socket.terminate()
  }
}

export class StreamLine implements FakeLine {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  send(frame: ServerFrame): void {
    this.#response.write(`data: ${JSON.stringify(frame)}\n\n`)
  }

  burst(frames: readonly string[]): void {
    this.#response.write(frames.map((frame) => `data: ${frame}\n\n`).join(''))
  }

  close(code: number, reason: string): void {
    this.#response.end(`data: ${JSON.stringify({ t: 'close', code, reason })}\n\n`)
  }

  cut(): void {
    this.#response.destroy()
  }
}

export class FakeConnection {
  readonly id: string
  readonly resume: string | null
  readonly #line: FakeLine
  user: string | null
  isReady = false

  constructor(id: string, line: FakeLine, user: string | null, resume: string | null) {
    this.id = id
    this.#line = line
    this.user = user
    this.resume = resume
  }

  send(frame: ServerFrame): void {
    this.#line.send(frame)
  }

  burst(frames: readonly string[]): void {
    this.#line.burst(frames)
  }

  ready(frame: ReadyFrame): void {
    this.isReady = true
    this.send(frame)
  }

  close(code: number, reason: string): void {
    this.isReady = false
    this.#line.close(code, reason)
  }

  cut(): void {
    this.isReady = false
    this.#line.cut()
  }
}
