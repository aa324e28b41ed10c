/** The stand-by link: server-sent events down (read by `fetch`, so that Bearer works too), POST up. */
import { type ClientFrame, type CloseReason, closeCodes, type ParleyError } from '@parley/protocol'
import { type Http, readError } from '../http.ts'
import { postFrame } from './post-frame.ts'
import { parseFrame } from './socket-transport.ts'
import { ABNORMAL_CLOSE, type Transport, type TransportEvents, type TransportOpener } from './transport.ts'

const HELLO_WITHIN_MS = 5_000

export function streamTransport(http: Http, bearer: () => string | null): TransportOpener {
  return {
    kind: 'stream',
    helloWithinMs: HELLO_WITHIN_MS,
    open: (resume, events) => new StreamTransport(http, bearer, resume, events),
  }
}

class StreamTransport implements Transport {
  readonly #http: Http
  readonly #bearer: () => string | null
  readonly #events: TransportEvents
  readonly #abort = new AbortController()
  #session: string | null = null
  #closed = false

  constructor(http: Http, bearer: () => string | null, resume: string | null, events: TransportEvents) {
    this.#http = http
    this.#bearer = bearer
    this.#events = events
    this.#read(resume).then(
      () => this.#fail(ABNORMAL_CLOSE, 'stream_ended'),
      () => this.#fail(ABNORMAL_CLOSE, 'stream_cut'),
    )
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
    this.#abort.abort()
  }

  #fail(code: number, reason: string): void {
    if (this.#closed) return
    this.close()
    this.#events.closed(code, reason)
  }

  async #read(resume: string | null): Promise<void> {
    const call = { method: 'GET', path: '/api/v1/stream', query: { resume: resume ?? undefined } } as const
    const response = await this.#http.open({ ...call, token: this.#bearer() }, this.#abort.signal)
    if (!response.ok || response.body === null) {
      const error = await readError(response)
      return this.#fail(closeCodeOf(error), error.code)
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    const events = new EventLines((data) => this.#take(data))
    for (;;) {
      const { done, value } = await reader.read()
      if (done || this.#closed) return
      this.#events.alive()
      events.push(value)
    }
  }

  #take(data: string): void {
    const frame = this.#closed ? null : parseFrame(data)
    if (frame === null) return
    if (frame.t === 'close') {
      this.#fail(frame.code, frame.reason)
      return
    }
    if (frame.t === 'hello' && frame.session !== undefined) this.#session = frame.session
    if (frame.t === 'ready') this.#session ??= frame.session
    this.#events.frame(frame)
  }
}

/** Splits a `text/event-stream` into the `data` of its events; comments and other fields are passed over. */
export class EventLines {
  readonly #event: (data: string) => void
  #rest = ''
  #data: string[] = []

  constructor(event: (data: string) => void) {
    this.#event = event
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(line)
  }

  #line(line: string): void {
    if (line.startsWith('data:')) {
      this.#data.push(line.slice(line[5] === ' ' ? 6 : 5))
    } else if (line === '' && this.#data.length > 0) {
      const data = this.#data.join('\n')
      this.#data = []
      this.#event(data)
    }
  }
}

/** What a refused stream means in the table of close codes. A 401 of either kind is worth one refresh. */
export function closeCodeOf(error: ParleyError): number {
  if (error.status === 401) return closeCodes.token_expired.code
  const reason = error.code as string
  return reason in closeCodes ? closeCodes[reason as CloseReason].code : ABNORMAL_CLOSE
}
