/**
 * Keeps one connection alive: which way, when again, and the change from an old connection to a new one without a gap
 * (the new one is ready before the old one closes).
 */
import {
  type Answers,
  type ClientFrame,
  type ClientFrameType,
  closeCodes,
  ParleyError,
  type PushFrame,
  type ReadyFrame,
  reconnectAfter,
} from '@parley/protocol'
import type { ConnectionState } from '../api.ts'
import type { Clock } from '../clock.ts'
import { ValueStore } from '../store/store.ts'
import { backoffMs } from './backoff.ts'
import { Link, type LinkClosed, LinkLostError, type Request } from './link.ts'
import type { TransportKind, TransportOpener } from './transport.ts'
import { Waiters } from './waiters.ts'

export interface ConnectorCredentials {
  ensureFresh(): Promise<void>
  refresh(): Promise<boolean>
  tokenForFrame(): Promise<string | null>
}

export interface ConnectorEvents {
  ready(frame: ReadyFrame): void
  push(frame: PushFrame): void
  /** No connection any more, until the next `ready`. */
  lost(): void
  refused(reason: 'revoked' | 'expired'): void
}

export interface ConnectorOptions {
  readonly clock: Clock
  readonly random: () => number
  /** Without `socket` there is only the stand-by link. */
  readonly openers: Readonly<Partial<Record<TransportKind, TransportOpener>>>
  readonly credentials: ConnectorCredentials
  readonly events: ConnectorEvents
}

const IDLE: ConnectionState = { status: 'idle', transport: null, retryAt: null }
/** A connection that held this long was a good one: the next failure begins with short pauses again. */
const HELD_MS = 5_000
/** Nobody waits longer than the line has been away, but for this. */
const OUTAGE_MIN_MS = 2_000
const UNSTEADY_FAILURES_MAX = 2
const SOCKET_FAILURES_MAX = 2
const RETURN_AFTER_MS = 30_000
const RETIRE_GRACE_MS = 5_000
const GOODBYE_SPREAD_MAX_MS = 3_000
const REQUEST_WITHIN_MS = 20_000

export class Connector {
  readonly state = new ValueStore<ConnectionState>(IDLE)
  readonly #options: ConnectorOptions
  readonly #waiters = new Waiters<Link>()
  #running = false
  /** Closed for good by the server's verdict; only a person starts again. */
  #halted = false
  #current: Link | null = null
  #candidate: Link | null = null
  /** A candidate beside a connection that may yet live: it may fail without consequence. */
  #spare: Link | null = null
  /** Closes by itself once the answers it owes have come. */
  #retired: Link | null = null
  /** Tells an attempt that is still asking for tokens that it is no longer wanted. */
  #attempt = 0
  #opening = false
  #cancelTimer: (() => void) | null = null
  #cancelReturn: (() => void) | null = null
  #failures = 0
  /** When the line that is missed now was lost; null while there is one. */
  #lostAt: number | null = null
  #refreshes = 0
  #socketFailures = 0
  #way: TransportKind = 'socket'
  #readyAt = 0
  #cursor: string | null = null

  constructor(options: ConnectorOptions) {
    this.#options = options
    this.#way = this.#firstWay()
  }

  get online(): boolean {
    return this.#current !== null
  }

  start(): void {
    if (this.#running && !this.#halted) return
    this.#running = true
    this.#halted = false
    this.#failures = 0
    this.#refreshes = 0
    this.#open(this.#way)
  }

  /** Ends the connection and whatever waits for one. `forget`: the next start is somebody else's. */
  stop(forget = false): void {
    this.#running = false
    this.#halted = false
    this.#attempt++
    this.#opening = false
    this.#clearTimer()
    this.#cancelReturn?.()
    this.#candidate?.close()
    this.#current?.close()
    this.#retired?.close()
    this.#candidate = null
    const was = this.#current
    this.#current = null
    if (forget) this.#cursor = null
    this.#waiters.reject(new ParleyError('unavailable', { message: 'The connection was ended.' }))
    this.#tell(IDLE)
    if (was !== null) this.#options.events.lost()
  }

  /** The machine seems to be back: connect now, or find out whether the connection still lives. */
  wake(): void {
    if (!this.#running || this.#halted) return
    if (this.#current !== null) {
      this.#current.probe()
      return
    }
    this.#failures = 0
    // What was begun without a network may hang for long with one, and have learned the wrong thing from it.
    if (this.#candidate !== null) this.#way = this.#firstWay()
    this.#candidate?.close()
    this.#candidate = null
    this.#open(this.#way)
  }

  /** Renews the token of the living connection. */
  renew(token: string): void {
    this.#current?.request({ t: 'auth', token }).catch(() => {})
  }

  /** On the connection there is now; rejects with `LinkLostError` without one. */
  requestOnce<T extends ClientFrameType>(request: Request<T>): Promise<Answers[T]> {
    return this.#current?.request(request) ?? Promise.reject(new LinkLostError('There is no connection.'))
  }

  /** Waits for a connection and repeats on the next one, which the protocol allows for every request. Throws `ParleyError`. */
  async request<T extends ClientFrameType>(
    request: Request<T>,
    withinMs = REQUEST_WITHIN_MS,
  ): Promise<Answers[T]> {
    const { clock, credentials } = this.#options
    const end = clock.now() + withinMs
    for (let refreshed = false; ; ) {
      if (!this.#running || this.#halted) throw new ParleyError('unavailable')
      const link = this.#current ?? (await this.#waiters.wait(clock, end - clock.now()))
      try {
        return await link.request(request)
      } catch (error) {
        if (error instanceof ParleyError && error.code === 'token_expired' && !refreshed) {
          refreshed = true
          if (await credentials.refresh()) continue
        }
        if (!(error instanceof LinkLostError)) throw error
        if (clock.now() >= end) throw new ParleyError('unavailable')
      }
    }
  }

  tell(frame: ClientFrame<'typing'>): void {
    this.#current?.tell(frame)
  }

  #tell(next: ConnectionState): void {
    const { status, transport, retryAt } = this.state.get()
    if (status === next.status && transport === next.transport && retryAt === next.retryAt) return
    this.state.set(next)
  }

  #firstWay(): TransportKind {
    return this.#options.openers.socket === undefined ? 'stream' : 'socket'
  }

  #clearTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  /** Begins a connection attempt, unless one is under way. */
  async #open(way: TransportKind): Promise<void> {
    const { clock, credentials, openers } = this.#options
    const opener = openers[way]
    if (!this.#running || this.#halted || this.#candidate !== null || this.#opening || opener === undefined)
      return
    this.#clearTimer()
    if (this.#current === null) this.#tell({ status: 'connecting', transport: null, retryAt: null })
    const attempt = ++this.#attempt
    this.#opening = true
    const known = await credentials.ensureFresh().then(
      () => true,
      () => false,
    )
    if (attempt !== this.#attempt) return
    this.#opening = false
    if (!this.#running) return
    if (!known) return this.#retryLater()
    this.#candidate = new Link({
      opener,
      resume: this.#cursor,
      clock,
      token: () => credentials.tokenForFrame(),
      events: {
        ready: (link, frame) => this.#ready(link, frame),
        push: (link, frame) => this.#push(link, frame),
        cursor: (link, cursor) => {
          if (link === this.#current) this.#cursor = cursor
        },
        doubted: (link) => void this.#openSpare(link),
        closed: (link, how) => (link === this.#current ? this.#lost(how) : this.#failed(link, how)),
      },
    })
  }

  /** On another network the old connection is dead, and takes its time to say so. */
  async #openSpare(doubted: Link): Promise<void> {
    if (doubted !== this.#current || this.#candidate !== null || this.#cancelTimer !== null) return
    await this.#open(doubted.kind)
    if (doubted === this.#current) this.#spare = this.#candidate
  }

  #ready(link: Link, frame: ReadyFrame): void {
    this.#cursor = frame.cursor
    if (link === this.#candidate) {
      const old = this.#current
      this.#candidate = null
      this.#current = link
      this.#clearTimer()
      this.#retired?.close()
      this.#retired = old
      old?.retire(RETIRE_GRACE_MS)
      this.#socketFailures = 0
      this.#refreshes = 0
      this.#readyAt = this.#options.clock.now()
      this.#way = link.kind
      this.#planReturn()
      this.#tell({ status: 'online', transport: link.kind, retryAt: null })
    }
    this.#options.events.ready(frame)
    this.#waiters.resolve(link)
  }

  #push(link: Link, frame: PushFrame): void {
    if (link !== this.#current) return
    if (frame.t === 'goodbye') this.#moveOn(frame.within_ms)
    else this.#options.events.push(frame)
  }

  /** Not at once: everybody on that server was told in the same moment. */
  #moveOn(withinMs: number): void {
    if (this.#candidate !== null || this.#cancelTimer !== null) return
    this.#noteHeld()
    const spreadMs = this.#options.random() * Math.min(withinMs / 2, GOODBYE_SPREAD_MAX_MS)
    this.#openAfter(spreadMs, this.#way)
  }

  #openAfter(delayMs: number, way: TransportKind): void {
    this.#clearTimer()
    // Somebody who started the SDK waits for the connection, so a program does not end while it is away.
    this.#cancelTimer = this.#options.clock.after(delayMs, () => this.#open(way), { keepAlive: true })
  }

  /** A server that is met but does not last must not be hammered; one that comes back after a while must be met soon. */
  #noteHeld(): void {
    const held = this.#options.clock.now() - this.#readyAt >= HELD_MS
    if (held) this.#lostAt = null
    this.#failures = held ? 0 : Math.min(this.#failures, UNSTEADY_FAILURES_MAX)
  }

  /** The living connection ended. */
  #lost(how: LinkClosed): void {
    this.#current = null
    this.#cancelReturn?.()
    this.#noteHeld()
    this.#options.events.lost()
    if (!this.#running) return
    // A successor is on its way; it decides what comes next.
    if (this.#candidate !== null || this.#opening) {
      this.#tell({ status: 'connecting', transport: null, retryAt: null })
      return
    }
    this.#obey(how.code)
  }

  /** An attempt ended before it was ready. */
  #failed(link: Link, how: LinkClosed): void {
    if (link !== this.#candidate) return
    this.#candidate = null
    const isSpare = link === this.#spare
    if (!this.#running || (isSpare && this.#current !== null)) return
    const onStandby = this.#current !== null && this.#current.kind !== 'socket'
    if (onStandby && link.kind === 'socket') {
      this.#planReturn()
      return
    }
    const before = this.#way
    // Where the line was doubted nothing came through at all: that says nothing of WebSocket.
    if (how.phase === 'opening' && !isSpare) this.#chooseWay(link.kind, how)
    // Another way is tried at once; it is no repetition of what failed.
    if (this.#way !== before && this.#way !== 'socket') return void this.#open(this.#way)
    this.#obey(how.code)
  }

  /** What to try after a way failed before `hello`: blocked ways give way to the next, a server that is away does not. */
  #chooseWay(kind: TransportKind, how: LinkClosed): void {
    if (kind === 'socket') {
      this.#socketFailures++
      if (how.timedOut || this.#socketFailures >= SOCKET_FAILURES_MAX) this.#way = 'stream'
    } else if (kind === 'stream' && how.timedOut) {
      this.#way = 'poll'
    } else if (reconnectAfter(how.code) === 'backoff') {
      this.#way = this.#firstWay()
      this.#socketFailures = SOCKET_FAILURES_MAX - 1
    }
  }

  /** The verdict that the close code carries. */
  #obey(code: number): void {
    const verdict = reconnectAfter(code)
    // The key that signed the token may have been withdrawn: whoever can renew it goes on, everybody else is told so.
    if (code === closeCodes.unauthenticated.code && this.#refreshes === 0) return void this.#refreshAndOpen()
    if (verdict === 'no') {
      this.#halt(code)
      return
    }
    if (verdict === 'backoff') {
      this.#retryLater()
      return
    }
    if (verdict === 'after_refresh') return void this.#refreshAndOpen()
    // A server that closes again and again with "now" must not be hammered.
    if (this.#failures++ === 0) void this.#open(this.#way)
    else this.#retryLater()
  }

  #retryLater(): void {
    const { clock, random } = this.#options
    this.#lostAt ??= clock.now()
    // A few tiny random pauses use up the exponent: without this a restart of two seconds could cost ten more.
    const outageMs = Math.max(OUTAGE_MIN_MS, clock.now() - this.#lostAt)
    const delayMs = Math.min(backoffMs(this.#failures++, random), outageMs)
    this.#openAfter(delayMs, this.#way)
    if (this.#current === null) {
      this.#tell({ status: 'offline', transport: null, retryAt: clock.now() + delayMs })
    }
  }

  async #refreshAndOpen(): Promise<void> {
    if (this.#refreshes++ >= 2) return this.#retryLater()
    const attempt = ++this.#attempt
    this.#opening = true
    if (this.#current === null) this.#tell({ status: 'connecting', transport: null, retryAt: null })
    const fresh = await this.#options.credentials.refresh().catch(() => null)
    if (attempt !== this.#attempt) return
    this.#opening = false
    if (fresh === null) this.#retryLater()
    else if (fresh) void this.#open(this.#way)
  }

  #halt(code: number): void {
    this.#halted = true
    this.#clearTimer()
    if (this.#current !== null) {
      this.#current.close()
      this.#current = null
      this.#options.events.lost()
    }
    this.#tell({ status: 'offline', transport: null, retryAt: null })
    this.#waiters.reject(new ParleyError('unavailable', { message: 'The server ended the connection.' }))
    if (code === closeCodes.session_revoked.code) this.#options.events.refused('revoked')
    if (code === closeCodes.unauthenticated.code) this.#options.events.refused('expired')
  }

  /** On the stand-by link: looks now and then whether a WebSocket passes again, beside the living connection. */
  #planReturn(): void {
    const { clock, random, openers } = this.#options
    this.#cancelReturn?.()
    this.#cancelReturn = null
    if (this.#current === null || this.#current.kind === 'socket' || openers.socket === undefined) return
    this.#cancelReturn = clock.after(RETURN_AFTER_MS * (1 + random()), () => {
      if (this.#candidate === null && !this.#opening) void this.#open('socket')
      else this.#planReturn()
    })
  }
}
