/**
 * A network inside one process, in virtual time, between real clients and the SDK's model of a server. It delays,
 * reorders, repeats and loses frames, and cuts lines or leaves them dead. It stays within what the protocol builds on:
 * nothing overtakes `ready`; an announcement that is lost is made good within five seconds while its line lives; the
 * cursor of a heartbeat is ten seconds old.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ClientFrame, ServerFrame } from '@parley/protocol'
import type { CreateParleyOptions } from '@parley/sdk'
import { FakeConnection, type FakeLine } from '@parley/sdk/testing/fake-connection'
import { answerRest } from '@parley/sdk/testing/fake-rest'
import type { FakeServer } from '@parley/sdk/testing/fake-server'
import type { Random } from './seeds.ts'
import type { VirtualTime } from './virtual-time.ts'

const CURSOR_LAG_MS = 10_000
const REPAIR_MAX_MS = 4_000

/** Probabilities in [0, 1]. */
export interface Weather {
  latencyMaxMs: number
  /** A frame of the client is lost without a sign. */
  requestLost: number
  /** A frame arrives twice, either way. */
  repeated: number
  /** An announcement is lost at first. */
  announcementLost: number
  /** A REST call fails, before or after it was done. */
  restLost: number
}

export const FAIR: Weather = {
  latencyMaxMs: 20,
  requestLost: 0,
  repeated: 0,
  announcementLost: 0,
  restLost: 0,
}

type Listener = (event: never) => void

export class VirtualNetwork {
  weather: Weather = FAIR
  /** No new line comes about while this is on. */
  refusing = false
  readonly #lines = new Set<VirtualLine>()
  readonly #cursors: { at: number; cursor: string }[] = []
  #count = 0

  readonly server: FakeServer
  readonly time: VirtualTime
  readonly random: Random

  constructor(server: FakeServer, time: VirtualTime, random: Random) {
    this.server = server
    this.time = time
    this.random = random
  }

  get lines(): readonly VirtualLine[] {
    return [...this.#lines]
  }

  latencyMs(): number {
    return this.random() * this.weather.latencyMaxMs
  }

  happens(probability: number): boolean {
    return this.random() < probability
  }

  /** As the server hands it out: what changed since may still be on its way. */
  heartbeatCursor(): string | undefined {
    const now = this.time.now()
    this.#cursors.push({ at: now, cursor: this.server.cursor })
    return this.#cursors.findLast(({ at }) => now - at >= CURSOR_LAG_MS)?.cursor
  }

  /** For `createParley`. */
  readonly options = (): Pick<CreateParleyOptions, 'WebSocket' | 'fetch'> => {
    const network = this
    class VirtualSocket {
      readonly #listeners = new Map<string, Set<Listener>>()
      readonly #line: VirtualLine

      constructor(url: string) {
        const resume = new URL(url).searchParams.get('resume')
        this.#line = new VirtualLine(network, (type, event) => {
          for (const listener of this.#listeners.get(type) ?? []) listener(event as never)
        })
        network.#open(this.#line, resume)
      }

      addEventListener(type: string, listener: Listener): void {
        this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener))
      }

      send(data: string): void {
        this.#line.carryUp(JSON.parse(data) as ClientFrame)
      }

      close(): void {
        this.#line.leave()
      }
    }
    return {
      WebSocket: VirtualSocket as unknown as NonNullable<CreateParleyOptions['WebSocket']>,
      fetch: (input, init) => this.#fetch(String(input), init ?? {}),
    }
  }

  #open(line: VirtualLine, resume: string | null): void {
    this.time.after(this.latencyMs(), () => {
      if (this.refusing) return line.cut()
      const connection = new FakeConnection(`v${++this.#count}`, line, null, resume)
      line.connection = connection
      this.#lines.add(line)
      this.server.connections.add(connection)
      connection.send(this.server.hello(connection.id, true))
    })
  }

  forget(line: VirtualLine): void {
    this.#lines.delete(line)
    const { connection } = line
    if (connection === undefined) return
    connection.isReady = false
    this.server.connections.delete(connection)
  }

  #fetch(input: string, { method = 'GET', headers, body, signal }: RequestInit): Promise<Response> {
    const url = new URL(input)
    const request = { method, headers: headers as Record<string, string> } as unknown as IncomingMessage
    return new Promise((resolve, reject) => {
      const fail = () => reject(new TypeError('fetch failed'))
      signal?.addEventListener('abort', fail)
      // The model server rotates tokens without grace, so a lost answer there would end the session.
      const risk = url.pathname.includes('/auth/') ? 0 : this.weather.restLost
      const [lostBefore, lostAfter] = [this.happens(risk), this.happens(risk)]
      this.time.after(this.latencyMs(), async () => {
        if (this.refusing || lostBefore) return fail()
        const answer = url.pathname.includes('/stream')
          ? this.server.error('unavailable')
          : await answerRest(
              this.server,
              request,
              {} as ServerResponse,
              url,
              Buffer.from(typeof body === 'string' ? body : ''),
            )
        this.time.after(this.latencyMs(), () => {
          if (lostAfter || answer === null) return fail()
          resolve(Response.json(answer.body ?? null, { status: answer.status }))
        })
      })
    })
  }
}

/** One connection. */
export class VirtualLine implements FakeLine {
  connection: FakeConnection | undefined
  /** Nothing gets through any more, and nobody is told. */
  dead = false
  readonly #network: VirtualNetwork
  readonly #tell: (type: 'message' | 'close', event: object) => void
  #over = false
  /** Until then nothing later may arrive. */
  #barrierAt = 0

  constructor(network: VirtualNetwork, tell: (type: 'message' | 'close', event: object) => void) {
    this.#network = network
    this.#tell = tell
  }

  /** From the server. */
  send(frame: ServerFrame): void {
    const { weather, random } = this.#network
    const isEntry = frame.t === 'entry'
    const late = isEntry && this.#network.happens(weather.announcementLost) ? random() * REPAIR_MAX_MS : 0
    this.#deliver(frame, late)
    if (isEntry && this.#network.happens(weather.repeated)) this.#deliver(frame, random() * REPAIR_MAX_MS)
  }

  #deliver(frame: ServerFrame, lateMs: number): void {
    const { time } = this.#network
    const at = Math.max(time.now() + this.#network.latencyMs() + lateMs, this.#barrierAt)
    if (frame.t === 'ready' || frame.t === 'hello') this.#barrierAt = at
    const data = JSON.stringify(frame)
    time.after(at - time.now(), () => {
      if (!this.#over && !this.dead) this.#tell('message', { data })
    })
  }

  burst(frames: readonly string[]): void {
    for (const frame of frames) this.send(JSON.parse(frame) as ServerFrame)
  }

  close(code: number, reason: string): void {
    this.#network.forget(this)
    this.#end(code, reason)
  }

  cut(): void {
    this.close(1006, '')
  }

  /** The client has closed its side, and hears nothing more. */
  leave(): void {
    this.#over = true
    this.#network.time.after(this.#network.latencyMs(), () => {
      if (!this.dead) this.#network.forget(this)
    })
  }

  #end(code: number, reason: string): void {
    this.#network.time.after(this.#network.latencyMs(), () => {
      if (this.#over || this.dead) return
      this.#over = true
      this.#tell('close', { code, reason })
    })
  }

  carryUp(frame: ClientFrame): void {
    const { time, weather } = this.#network
    if (this.#network.happens(weather.requestLost)) return
    const times = this.#network.happens(weather.repeated) && frame.t !== 'auth' ? 2 : 1
    for (let n = 0; n < times; n++) time.after(this.#network.latencyMs(), () => this.#arrive(frame))
  }

  #arrive(frame: ClientFrame): void {
    const { connection } = this
    const { server } = this.#network
    if (this.dead || connection === undefined || !server.connections.has(connection)) return
    if (frame.t === 'ping')
      connection.send({ t: 'ok', id: frame.id, cursor: this.#network.heartbeatCursor() } as ServerFrame)
    else server.receive(connection, frame)
  }
}
