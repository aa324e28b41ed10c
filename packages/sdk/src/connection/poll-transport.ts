/** Where a proxy holds the stream back: the same frames by repeated requests, each answered within 25 s. */
import { type ClientFrame, ParleyError, POLL_MAX_MS, type ServerFrame } from '@parley/protocol'
import type { Clock } from '../clock.ts'
import type { Http } from '../http.ts'
import { postFrame } from './post-frame.ts'
import { closeCodeOf } from './stream-transport.ts'
import { ABNORMAL_CLOSE, type Transport, type TransportEvents, type TransportOpener } from './transport.ts'

const SLACK_MS = 10_000
/** A cursor may list the same rooms for a while; asking again at once would be a loop without a brake. */
const PAUSE_MS = 300

interface PollAnswer {
  frames: ServerFrame[]
  cursor?: string | null
}

export function pollTransport(http: Http, clock: Clock, bearer: () => string | null): TransportOpener {
  return {
    kind: 'poll',
    // The first answer may be held as long as any other.
    helloWithinMs: POLL_MAX_MS + SLACK_MS,
    open: (resume, events) => new PollTransport(http, clock, bearer, resume, events),
  }
}

class PollTransport implements Transport {
  readonly #http: Http
  readonly #clock: Clock
  readonly #bearer: () => string | null
  readonly #events: TransportEvents
  #session: string | null = null
  #resume: string | null
  #closed = false

  constructor(
    http: Http,
    clock: Clock,
    bearer: () => string | null,
    resume: string | null,
    events: TransportEvents,
  ) {
    this.#http = http
    this.#clock = clock
    this.#bearer = bearer
    this.#resume = resume
    this.#events = events
    this.#poll().catch((error: unknown) => {
      const code = error instanceof ParleyError ? closeCodeOf(error) : ABNORMAL_CLOSE
      this.#fail(code, 'poll_failed')
    })
  }

  send(frame: ClientFrame): void {
    if (this.#session === null) {
      this.#fail(ABNORMAL_CLOSE, 'no_session')
      return
    }
    void postFrame(
      {
        http: this.#http,
        bearer: this.#bearer,
        events: this.#events,
        closed: () => this.#closed,
        fail: (code, reason) => this.#fail(code, reason),
      },
      this.#session,
      frame,
    )
  }

  close(): void {
    this.#closed = true
  }

  #fail(code: number, reason: string): void {
    if (this.#closed) return
    this.close()
    this.#events.closed(code, reason)
  }

  async #poll(): Promise<void> {
    while (!this.#closed) {
      const { frames, cursor } = await this.#http.json<PollAnswer>({
        method: 'GET',
        path: '/api/v1/stream',
        query: { poll: 1, resume: this.#resume ?? undefined },
        token: this.#bearer(),
        withinMs: POLL_MAX_MS + SLACK_MS,
      })
      if (this.#closed) return
      this.#events.alive()
      for (const frame of frames) this.#take(frame)
      if (this.#closed) return
      if (cursor) {
        this.#resume = cursor
        this.#events.cursor(cursor)
      }
      await new Promise<void>((resolve) => this.#clock.after(PAUSE_MS, resolve))
    }
  }

  #take(frame: ServerFrame): void {
    if (this.#closed) return
    if (frame.t === 'close') {
      this.#fail(frame.code, frame.reason)
      return
    }
    if (frame.t === 'hello' && frame.session !== undefined) this.#session = frame.session
    if (frame.t === 'ready') this.#session = frame.session
    this.#events.frame(frame)
  }
}
