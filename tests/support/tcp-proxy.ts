/** A TCP proxy that misbehaves on demand, byte for byte, on a free port of loopback. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** `up`: from client to server. `down`: from server to client. */
export type Direction = 'up' | 'down'
/** How a line ends: with a reset, as when a host vanishes, or politely. */
export type CutKind = 'reset' | 'end'

export interface TcpProxy {
  readonly url: string
  /** Lines there are now. */
  readonly lineCount: number
  /** Lines taken since the start. */
  readonly takenCount: number
  /** Bytes of present and past lines that were held back or swallowed. */
  readonly withheldBytes: number
  /** Ends the present lines. Returns how many there were. */
  cut(kind?: CutKind): number
  /** Each present line passes `bytes` more of this direction and is then reset, in the middle of a frame if need be. */
  cutAfter(direction: Direction, bytes: number): void
  /** Present lines pass nothing more of this direction until `thaw`; nothing is lost, and nobody is told. New lines pass. */
  freeze(direction: Direction): void
  thaw(): void
  /** What present lines carry in this direction is lost from now on; the line stays open. */
  swallow(direction: Direction): void
  /** Every chunk is passed on this much later, in order; 0 as soon as possible. */
  delay(ms: () => number): void
  /** New lines are reset at once while this is on. */
  refuse(on: boolean): void
  close(): Promise<void>
}

export async function startTcpProxy(target: { port: number; host?: string }): Promise<TcpProxy> {
  const lines = new Set<Line>()
  const past = { withheldBytes: 0 }
  let delayMs = (): number => 0
  let refusing = false
  let taken = 0
  // Half-open sockets are passed on as such: whether a side still reads is the other side's to know.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (refusing) return void client.resetAndDestroy()
    taken++
    const host = target.host ?? '127.0.0.1'
    const upstream = connect({ port: target.port, host, noDelay: true, allowHalfOpen: true })
    const line = new Line(client, upstream, () => delayMs())
    lines.add(line)
    line.onClosed = () => {
      if (lines.delete(line)) past.withheldBytes += line.withheldBytes
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const present = () => [...lines]

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lineCount() {
      return lines.size
    },
    get takenCount() {
      return taken
    },
    get withheldBytes() {
      return present().reduce((sum, line) => sum + line.withheldBytes, past.withheldBytes)
    },
    cut(kind = 'reset') {
      const ended = present()
      for (const line of ended) line.cut(kind)
      return ended.length
    },
    cutAfter(direction, bytes) {
      for (const line of present()) line[direction].remaining = bytes
    },
    freeze(direction) {
      for (const line of present()) line[direction].freeze(true)
    },
    thaw() {
      for (const line of present()) for (const way of [line.up, line.down]) way.freeze(false)
    },
    swallow(direction) {
      for (const line of present()) line[direction].swallowing = true
    },
    delay(ms) {
      delayMs = ms
    },
    refuse(on) {
      refusing = on
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const line of present()) line.cut('reset')
      await closed
    },
  }
}

/** One client's connection and ours to the server. */
class Line {
  readonly up: Way
  readonly down: Way
  readonly #sockets: readonly Socket[]
  onClosed: () => void = () => {}

  constructor(client: Socket, upstream: Socket, delayMs: () => number) {
    this.#sockets = [client, upstream]
    const cut = () => this.cut('reset')
    this.up = new Way(client, upstream, delayMs, cut)
    this.down = new Way(upstream, client, delayMs, cut)
    for (const socket of this.#sockets) {
      // A side that is gone is gone for the other one too; what it ended politely its way passes on.
      socket.on('error', cut)
      socket.on('close', () => {
        if (this.#sockets.every((one) => one.destroyed)) this.onClosed()
      })
    }
  }

  get withheldBytes(): number {
    return this.up.withheldBytes + this.down.withheldBytes
  }

  cut(kind: CutKind): void {
    for (const way of [this.up, this.down]) way.over = true
    for (const socket of this.#sockets) {
      if (kind === 'reset') socket.resetAndDestroy()
      else socket.end(() => socket.destroy())
    }
    if (kind === 'end') for (const socket of this.#sockets) socket.resume()
  }
}

/** One direction of a line. */
class Way {
  /** Bytes it still passes before the line is cut; undefined: no bound. */
  remaining: number | undefined
  swallowing = false
  over = false
  withheldBytes = 0
  readonly #from: Socket
  readonly #to: Socket
  readonly #delayMs: () => number
  readonly #cut: () => void
  #held: (Buffer | null)[] | undefined
  readonly #delayed: (Buffer | null)[] = []
  #lastDueAt = 0

  constructor(from: Socket, to: Socket, delayMs: () => number, cut: () => void) {
    this.#from = from
    this.#to = to
    this.#delayMs = delayMs
    this.#cut = cut
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    from.on('end', () => this.#take(null))
    to.on('drain', () => from.resume())
  }

  freeze(on: boolean): void {
    if (on) {
      this.#held ??= []
      return
    }
    const held = this.#held ?? []
    this.#held = undefined
    for (const chunk of held) this.#pass(chunk)
  }

  /** `null`: the sender has ended its side. */
  #take(chunk: Buffer | null): void {
    if (this.over) return
    if (this.#held !== undefined || this.swallowing) {
      this.withheldBytes += chunk?.length ?? 0
      if (!this.swallowing) this.#held?.push(chunk)
      return
    }
    this.#pass(chunk)
  }

  #pass(chunk: Buffer | null): void {
    const waitMs = this.#delayMs()
    if (waitMs <= 0 && this.#delayed.length === 0) {
      this.#write(chunk)
      return
    }
    const now = performance.now()
    this.#lastDueAt = Math.max(this.#lastDueAt, now + waitMs)
    this.#delayed.push(chunk)
    // Whichever timer fires takes the oldest: rounded delays must not let a chunk overtake.
    setTimeout(() => this.#write(this.#delayed.shift() ?? null), this.#lastDueAt - now)
  }

  #write(chunk: Buffer | null): void {
    if (this.over || this.#to.destroyed) return
    if (chunk === null) return void this.#to.end()
    const { remaining } = this
    if (remaining === undefined || chunk.length < remaining) {
      if (remaining !== undefined) this.remaining = remaining - chunk.length
      if (!this.#to.write(chunk)) this.#from.pause()
      return
    }
    // `over` first: nothing may follow the last byte, whatever is still to come.
    this.over = true
    this.#to.write(chunk.subarray(0, remaining), () => this.#cut())
  }
}
