import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RawData, WebSocket } from 'ws'
import { at, bool, equal, fail, isObject, num, ok, oneOf, show, str } from './asserts.ts'
import { ALL_CODES } from './codes.ts'
import type { Target } from './target.ts'
import type { Trace } from './trace.ts'

/** A stored entry reaches every connected member within 5 s; everything else is given the same. */
export const WITHIN_MS = 5_000
const HANDSHAKE_MS = 10_000
const MAX_RETRIES = 60

export type Frame = Record<string, unknown>

export interface Close {
  readonly code: number
  readonly reason: string
}

export interface Dial {
  /** Path and query, `/ws` by default. */
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly protocols?: readonly string[]
}

/** One WebSocket as it comes: frames in, frames out, no meaning given to them. */
export interface Wire {
  /** The subprotocol the server chose, empty where none. */
  readonly protocol: string
  /** Every frame received so far, oldest first. */
  readonly frames: readonly Frame[]
  /** Set once the socket is closed. */
  readonly close: Close | undefined
  send(frame: unknown): void
  /** The first frame, from `since` on (an index into `frames`), that `match` takes. */
  next(
    what: string,
    match: (frame: Frame) => boolean,
    options?: { since?: number; withinMs?: number },
  ): Promise<Frame>
  closed(withinMs?: number): Promise<Close>
  /** The first WebSocket ping of the server from now on. */
  pinged(withinMs: number): Promise<void>
  end(): Promise<void>
}

export type Dialled = { wire: Wire } | { refusedWith: number; text: string }

type Waiter = () => boolean

/**
 * Opens a socket. A refused upgrade is an answer (`refusedWith` is the HTTP status), not an error.
 * @throws Error when there is no answer at all.
 */
export function dial(
  target: Target,
  trace: Trace,
  label: string,
  options: Dial & { autoPong?: boolean },
): Promise<Dialled> {
  const url = new URL(options.path ?? '/ws', target.base.origin)
  url.protocol = target.base.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url, [...(options.protocols ?? [])], {
    headers: options.headers ?? {},
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false,
    ...(options.autoPong === undefined ? {} : { autoPong: options.autoPong }),
  })
  trace.note(`→ ${label} opens ${url.pathname}${url.search}`)
  const wire = wrap(socket, trace, label)
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ wire }))
    socket.once('error', reject)
    socket.once('unexpected-response', (_request: unknown, response: IncomingMessage) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        trace.note(`← ${label} refused with ${response.statusCode} ${text}`)
        resolve({ refusedWith: response.statusCode ?? 0, text })
        socket.terminate()
      })
    })
  })
}

function wrap(socket: WebSocket, trace: Trace, label: string): Wire {
  const frames: Frame[] = []
  const waiters = new Set<Waiter>()
  const wake = () => {
    for (const waiter of [...waiters]) if (waiter()) waiters.delete(waiter)
  }
  let close: Close | undefined
  socket.on('message', (data: RawData, isBinary: boolean) => {
    const text = String(data)
    trace.note(`← ${label} ${text}`)
    frames.push(isBinary ? { unexpected: 'a binary frame' } : parseFrame(text))
    wake()
  })
  socket.on('close', (code: number, reason: Buffer) => {
    close = { code, reason: reason.toString('utf8') }
    trace.note(`← ${label} closed ${code} ${close.reason}`)
    wake()
  })
  socket.on('error', (error: Error) => trace.note(`← ${label} error ${error.message}`))

  function wait<T>(what: string, withinMs: number, probe: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = () => {
        const found = probe()
        if (found === undefined) return false
        clearTimeout(timer)
        resolve(found)
        return true
      }
      const timer = setTimeout(() => {
        waiters.delete(waiter)
        const state = close === undefined ? '' : ` (the socket is closed: ${close.code} ${close.reason})`
        reject(newBroken(`${what} did not arrive within ${withinMs} ms${state}`))
      }, withinMs)
      if (!waiter()) waiters.add(waiter)
    })
  }

  return {
    get protocol() {
      return socket.protocol
    },
    frames,
    get close() {
      return close
    },
    send(frame) {
      const raw = typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame)
      trace.note(`→ ${label} ${raw.toString()}`)
      if (socket.readyState === WebSocket.OPEN) socket.send(raw)
    },
    next: (what, match, { since = 0, withinMs = WITHIN_MS } = {}) =>
      wait(what, withinMs, () => frames.slice(since).find(match)),
    closed: (withinMs = WITHIN_MS) => wait('the close of the socket', withinMs, () => close),
    pinged: (withinMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(newBroken(`no ping within ${withinMs} ms`)), withinMs)
        socket.once('ping', () => {
          clearTimeout(timer)
          resolve()
        })
      }),
    async end() {
      if (socket.readyState === WebSocket.CLOSED) return
      socket.close(1000)
      const timer = setTimeout(() => socket.terminate(), 1_000)
      await new Promise<void>((resolve) => {
        waiters.add(() => {
          if (close === undefined) return false
          resolve()
          return true
        })
        wake()
      })
      clearTimeout(timer)
    },
  }
}

function newBroken(message: string): Error {
  try {
    fail(message)
  } catch (error) {
    return error as Error
  }
}

function parseFrame(text: string): Frame {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : { unexpected: value }
  } catch {
    return { unexpected: text }
  }
}

/** A signed-in socket that speaks the contract. */
export interface Link extends Wire {
  readonly hello: Frame
  readonly ready: Frame
  /** Sends a request and waits for its `ok` or `error`; waits out `rate_limited`. */
  request(t: string, fields?: Frame): Promise<Frame>
  /** As `request`, and the answer must be `ok`. */
  ok(t: string, fields?: Frame): Promise<Frame>
  /** As `request`, and the answer must be an `error` with this code. */
  refused(t: string, fields: Frame, code: string | readonly string[]): Promise<Frame>
  /** The pushes of type `t` so far. */
  pushes(t: string): readonly Frame[]
  push(t: string, what: string, match?: (frame: Frame) => boolean, since?: number): Promise<Frame>
  /** Returns when everything the server had for this socket before now has very probably arrived. */
  settle(): Promise<void>
}

/** Checks `{"t":"error","id","code","message","retryable","retry_after_ms"?}`. */
export function socketError(frame: Frame, code?: string | readonly string[]): void {
  equal(frame.t, 'error', `type of the answer ${show(frame)}`)
  const found = str(frame, 'code')
  ok(ALL_CODES.includes(found), `an error code that is not in the table: ${show(frame)}`)
  ok(str(frame, 'message').length > 0, `an error without a message: ${show(frame)}`)
  bool(frame, 'retryable')
  if (frame.retry_after_ms !== undefined) num(frame, 'retry_after_ms')
  if (code !== undefined) oneOf(found, typeof code === 'string' ? [code] : code, `code of ${show(frame)}`)
}

const SETTLE_MS = 250

export function link(wire: Wire, hello: Frame, ready: Frame, trace: Trace): Link {
  let lastId = 100
  async function once(t: string, fields: Frame): Promise<Frame> {
    lastId += 1
    const requestId = lastId
    const since = wire.frames.length
    wire.send({ t, id: requestId, ...fields })
    const isAnswer = (frame: Frame) => frame.id === requestId && (frame.t === 'ok' || frame.t === 'error')
    return await wire.next(`an answer to \`${t}\` ${requestId}`, isAnswer, { since, withinMs: 2 * WITHIN_MS })
  }
  async function request(t: string, fields: Frame = {}): Promise<Frame> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await once(t, fields)
      if (answer.t !== 'error' || answer.code !== 'rate_limited') return answer
      const waitMs = typeof answer.retry_after_ms === 'number' ? answer.retry_after_ms : 1_000
      equal(at(answer, 'retryable'), true, 'retryable of rate_limited')
      if (attempt >= MAX_RETRIES || waitMs > 60_000) fail(`rate limited for too long: ${show(answer)}`)
      trace.waiting(waitMs + 100)
      await sleep(waitMs + 100)
    }
  }
  const own: Omit<Link, keyof Wire> = {
    hello,
    ready,
    request,
    async ok(t, fields = {}) {
      const answer = await request(t, fields)
      equal(answer.t, 'ok', `the answer to ${show({ t, ...fields }, 200)} (${show(answer, 200)})`)
      return answer
    },
    async refused(t, fields, code) {
      const answer = await request(t, fields)
      socketError(answer, code)
      return answer
    },
    pushes: (t) => wire.frames.filter((frame) => frame.t === t && frame.id === undefined),
    push: (t, what, match = () => true, since = 0) =>
      wire.next(
        `the push \`${t}\`: ${what}`,
        (frame) => frame.t === t && frame.id === undefined && match(frame),
        { since },
      ),
    async settle() {
      await sleep(SETTLE_MS)
      await request('ping')
    },
  }
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(wire)) as Link
}
