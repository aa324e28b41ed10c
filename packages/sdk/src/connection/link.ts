/** One connection from `hello` to its end, whatever carries it: greeting, requests and answers, heartbeat. */
import {
  type Answers,
  type ClientFrame,
  type ClientFrameType,
  type ErrorFrame,
  FRAME_MAX_BYTES,
  HEARTBEAT_MS,
  type HelloFrame,
  isErrorCode,
  type OkFrame,
  ParleyError,
  type PushFrame,
  type ReadyFrame,
  type ServerFrame,
} from '@parley/protocol'
import type { Clock } from '../clock.ts'
import { ABNORMAL_CLOSE, type Transport, type TransportKind, type TransportOpener } from './transport.ts'

/** A request without the `id`, which the link gives. */
export type Request<T extends ClientFrameType = ClientFrameType> = {
  [K in T]: { t: K } & Omit<ClientFrame<K>, 'id' | 't'>
}[T]

export interface LinkClosed {
  readonly code: number
  readonly reason: string
  /** How far it had come. */
  readonly phase: 'opening' | 'greeted' | 'ready'
  /** Nothing came in time, as on a way that is blocked. */
  readonly timedOut: boolean
}

export interface LinkEvents {
  /** Again after each poll of the stand-by link. */
  ready(link: Link, frame: ReadyFrame): void
  push(link: Link, frame: PushFrame): void
  cursor(link: Link, cursor: string): void
  /** A probe has not been answered yet. */
  doubted(link: Link): void
  /** Said once; not after `close` or `retire`. */
  closed(link: Link, how: LinkClosed): void
}

export interface LinkOptions {
  readonly opener: TransportOpener
  readonly resume: string | null
  readonly clock: Clock
  /** For a server that asks; null when the session is over. Rejects when it cannot be had now. */
  readonly token: () => Promise<string | null>
  readonly events: LinkEvents
}

/** The connection ended before the answer came: whether the request was done is not known. */
export class LinkLostError extends Error {}

interface Pending {
  readonly resolve: (frame: OkFrame) => void
  readonly reject: (error: Error) => void
  readonly cancel: () => void
}

const READY_WITHIN_MS = 15_000
const ANSWER_WITHIN_MS = 15_000
/** After a wake-up a dead line must show quickly. */
const PROBE_WITHIN_MS = 5_000
/** Longer than most answers take; another way is looked for beside it. */
const PROBE_DOUBT_MS = 1_000

export class Link {
  readonly kind: TransportKind
  readonly #options: LinkOptions
  readonly #transport: Transport
  readonly #pending = new Map<number, Pending>()
  #phase: LinkClosed['phase'] = 'opening'
  #nextId = 1
  #over = false
  #retiring = false
  #heardAt: number
  #answers = 0
  #heartbeatMs = HEARTBEAT_MS
  #cancelDeadline: () => void
  #cancelBeat: (() => void) | null = null

  constructor(options: LinkOptions) {
    const { opener, resume, clock } = options
    this.#options = options
    this.kind = opener.kind
    this.#heardAt = clock.now()
    this.#cancelDeadline = clock.after(opener.helloWithinMs, () =>
      this.#end(ABNORMAL_CLOSE, 'no_hello', true),
    )
    this.#transport = opener.open(resume, {
      frame: (frame) => this.#hear(frame),
      alive: () => this.#heard(),
      cursor: (cursor) => options.events.cursor(this, cursor),
      closed: (code, reason) => this.#end(code, reason, false),
    })
  }

  /** Rejects with `ParleyError`, or `LinkLostError` when the connection ends first. */
  request<T extends ClientFrameType>(request: Request<T>, withinMs = ANSWER_WITHIN_MS): Promise<Answers[T]> {
    if (this.#over) return Promise.reject(new LinkLostError('The connection is over.'))
    const id = this.#nextId++
    // The server closes for good on a frame beyond its bound; one request must not cost the connection.
    if (isTooLarge({ ...request, id })) return Promise.reject(new ParleyError('too_large'))
    const heardAt = this.#heardAt
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(withinMs, () => {
        this.#pending.delete(id)
        reject(new ParleyError('unavailable', { message: 'The server did not answer in time.' }))
        // Pushes may still come over a line that carries nothing to the server any more.
        if (this.#heardAt !== heardAt) this.probe()
      })
      this.#pending.set(id, { resolve: (frame) => resolve(frame as unknown as Answers[T]), reject, cancel })
      this.#transport.send({ ...request, id } as unknown as ClientFrame)
    })
  }

  /** Sends what is not answered. */
  tell(frame: ClientFrame<'typing'>): void {
    if (!this.#over) this.#transport.send(frame)
  }

  /** Finds out quickly whether the line still lives, both ways: only an answer shows that. */
  probe(): void {
    if (this.#phase !== 'ready' || this.#over) return
    const { clock, events } = this.#options
    const answers = this.#answers
    this.#ping()
    clock.after(PROBE_DOUBT_MS, () => {
      if (this.#answers === answers && !this.#over && !this.#retiring) events.doubted(this)
    })
    clock.after(PROBE_WITHIN_MS, () => {
      if (this.#answers === answers) this.#end(ABNORMAL_CLOSE, 'silent', true)
    })
  }

  /** A successor has taken over: waits for the answers still owed, `graceMs` at most, then closes. Nothing is told any more. */
  retire(graceMs: number): void {
    this.#retiring = true
    if (this.#pending.size === 0) {
      this.close()
      return
    }
    this.#cancelBeat?.()
    this.#cancelBeat = this.#options.clock.after(graceMs, () => this.close())
  }

  /** Ends it from this side; `closed` is not told. */
  close(): void {
    if (this.#over) return
    this.#over = true
    this.#transport.close()
    this.#settle()
  }

  #end(code: number, reason: string, timedOut: boolean): void {
    if (this.#over) return
    const told = !this.#retiring
    const phase = this.#phase
    this.close()
    if (told) this.#options.events.closed(this, { code, reason, phase, timedOut })
  }

  #settle(): void {
    this.#cancelDeadline()
    this.#cancelBeat?.()
    for (const pending of this.#pending.values()) {
      pending.cancel()
      pending.reject(new LinkLostError('The connection ended before the answer came.'))
    }
    this.#pending.clear()
  }

  #heard(): void {
    this.#heardAt = this.#options.clock.now()
  }

  #hear(frame: ServerFrame): void {
    if (this.#over) return
    this.#heard()
    switch (frame.t) {
      case 'ok':
      case 'error':
        this.#answer(frame)
        return
      case 'hello':
        this.#greet(frame)
        return
      case 'ready':
        this.#ready(frame)
        return
      case 'close':
        this.#end(frame.code, frame.reason, false)
        return
      default:
        if (!this.#retiring) this.#options.events.push(this, frame)
    }
  }

  #greet(frame: HelloFrame): void {
    if (this.#phase !== 'opening') return
    this.#phase = 'greeted'
    this.#heartbeatMs = frame.heartbeat_ms
    this.#cancelDeadline()
    const { clock, token, resume } = this.#options
    this.#cancelDeadline = clock.after(READY_WITHIN_MS, () => this.#end(ABNORMAL_CLOSE, 'no_ready', true))
    if (!frame.auth_required) return
    token().then(
      (value) => {
        // Without a token the session has ended, and whoever ended it closes this link.
        if (this.#over || value === null) return
        this.#transport.send({ t: 'auth', token: value, ...(resume === null ? {} : { resume }) })
      },
      () => this.#end(ABNORMAL_CLOSE, 'no_token', false),
    )
  }

  #ready(frame: ReadyFrame): void {
    if (this.#retiring) return
    if (this.#phase !== 'ready') {
      this.#phase = 'ready'
      this.#cancelDeadline()
      this.#beat()
    }
    this.#options.events.ready(this, frame)
  }

  #answer(frame: OkFrame | ErrorFrame): void {
    this.#answers++
    const pending = frame.id === undefined ? undefined : this.#pending.get(frame.id)
    if (pending === undefined || frame.id === undefined) return
    this.#pending.delete(frame.id)
    pending.cancel()
    if (frame.t === 'ok') pending.resolve(frame)
    else pending.reject(toError(frame))
    if (this.#retiring && this.#pending.size === 0) this.close()
  }

  /** Browsers do not show the server's pings, so the client asks by itself; the answer carries the newest cursor. */
  #beat(): void {
    const { clock } = this.#options
    this.#cancelBeat = clock.after(this.#heartbeatMs, () => {
      // A clock that was set back must not make a dead line look fresh for as long.
      if (Math.abs(clock.now() - this.#heardAt) >= 2 * this.#heartbeatMs) {
        return this.#end(ABNORMAL_CLOSE, 'silent', true)
      }
      this.#ping()
      this.#beat()
    })
  }

  #ping(): void {
    this.request({ t: 'ping' }, 2 * this.#heartbeatMs).then(
      ({ cursor }) => {
        if (typeof cursor === 'string' && !this.#over) this.#options.events.cursor(this, cursor)
      },
      () => {},
    )
  }
}

function isTooLarge(frame: object): boolean {
  const text = JSON.stringify(frame)
  // No UTF-16 unit takes more than three bytes: short frames need no counting.
  return text.length * 3 > FRAME_MAX_BYTES && new TextEncoder().encode(text).length > FRAME_MAX_BYTES
}

function toError(frame: ErrorFrame): ParleyError {
  const code = isErrorCode(frame.code) ? frame.code : frame.retryable ? 'unavailable' : 'invalid_request'
  return new ParleyError(code, {
    message: frame.message,
    details: frame.details,
    ...(frame.retry_after_ms === undefined ? {} : { retryAfterMs: frame.retry_after_ms }),
  })
}
