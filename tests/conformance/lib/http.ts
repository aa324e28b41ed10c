import * as plain from 'node:http'
import * as secure from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail, ok } from './asserts.ts'
import type { Target } from './target.ts'
import type { Trace } from './trace.ts'

const REQUEST_TIMEOUT_MS = 40_000
const MAX_RETRIES = 60
const MAX_RETRY_AFTER_SECONDS = 120

export interface Call {
  readonly method: string
  /** From the root, `/api/v1` included. */
  readonly path: string
  readonly headers?: Record<string, string>
  /** Sent as it is; what should be JSON is encoded by the caller. */
  readonly body?: string | Buffer
  /** `false` takes a 429 for an answer instead of waiting. Default `true`. */
  readonly retry?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: plain.IncomingHttpHeaders
  readonly text: string
  /** The parsed body, `undefined` where it is not JSON. */
  readonly body: unknown
  /** Method and path, for messages. */
  readonly what: string
  /** From sending the request to the end of its answer in milliseconds; waiting for rate limits is not in it. */
  readonly ms: number
}

export interface Http {
  call(call: Call): Promise<Answer>
  /** The response as it arrives; the caller must destroy it. Its body is not read. */
  open(call: Call): Promise<plain.IncomingMessage>
}

export interface Agents {
  readonly plain: plain.Agent
  readonly secure: secure.Agent
  close(): void
}

/** Connections are shared by all cases of a run. */
export function createAgents(): Agents {
  const agents = {
    plain: new plain.Agent({ keepAlive: true }),
    secure: new secure.Agent({ keepAlive: true }),
  }
  return {
    ...agents,
    close() {
      agents.plain.destroy()
      agents.secure.destroy()
    },
  }
}

/**
 * The one place where rate limits are waited for: a 429 is checked for its `Retry-After`, waited out and tried again.
 * Everything sent and received is written into `trace`.
 */
export function createHttp(target: Target, agents: Agents, trace: Trace): Http {
  const isSecure = target.base.protocol === 'https:'
  const lib = isSecure ? secure : plain

  function open(call: Call, agent?: plain.Agent | secure.Agent): Promise<plain.IncomingMessage> {
    trace.note(`→ ${call.method} ${call.path} ${describeHeaders(call.headers)}${describeBody(call.body)}`)
    return new Promise((resolve, reject) => {
      const request = lib.request(new URL(target.base.origin), {
        method: call.method,
        path: call.path,
        headers: {
          ...(call.body === undefined ? {} : { 'content-length': Buffer.byteLength(call.body) }),
          ...call.headers,
        },
        timeout: REQUEST_TIMEOUT_MS,
        ...(agent === undefined ? {} : { agent }),
      })
      request.on('response', resolve)
      request.on('error', reject)
      request.on('timeout', () => request.destroy(new Error(`no answer within ${REQUEST_TIMEOUT_MS} ms`)))
      request.end(call.body)
    })
  }

  async function once(call: Call): Promise<Answer> {
    const begin = performance.now()
    const response = await open(call, isSecure ? agents.secure : agents.plain)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    trace.note(`← ${response.statusCode} ${text}`)
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      body: parse(text),
      what: `${call.method} ${call.path}`,
      ms: performance.now() - begin,
    }
  }

  return {
    open: (call) =>
      open({ ...call, headers: { ...call.headers } }, isSecure ? secure.globalAgent : plain.globalAgent),
    async call(call) {
      for (let attempt = 0; ; attempt += 1) {
        const answer = await retryReset(() => once(call), call.method)
        if (answer.status !== 429 || call.retry === false) return answer
        const seconds = Number(answer.headers['retry-after'])
        ok(Number.isFinite(seconds) && seconds >= 0, `429 without a Retry-After in seconds: ${answer.what}`)
        if (seconds > MAX_RETRY_AFTER_SECONDS || attempt >= MAX_RETRIES) {
          fail(`rate limited for too long (Retry-After ${seconds} s) at ${answer.what}`)
        }
        const waitMs = Math.max(100, seconds * 1_000) + Math.random() * 300
        trace.waiting(waitMs)
        await sleep(waitMs)
      }
    },
  }
}

/** A kept-alive connection that the server closed just as it was used says nothing about the contract: once more. */
async function retryReset(call: () => Promise<Answer>, method: string): Promise<Answer> {
  try {
    return await call()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ECONNRESET' && (method === 'GET' || method === 'HEAD')) return await call()
    throw error
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function describeBody(body: string | Buffer | undefined): string {
  if (body === undefined) return ''
  return typeof body === 'string' ? body : `(${body.length} bytes) ${body.toString('latin1')}`
}

function describeHeaders(headers: Record<string, string> | undefined): string {
  const shown = Object.entries(headers ?? {}).filter(
    ([name]) => name !== 'authorization' && name !== 'cookie',
  )
  return shown.length === 0 ? '' : `${JSON.stringify(Object.fromEntries(shown))} `
}

/** `name=value` pairs of the `Set-Cookie` headers, ready for a `Cookie` header. */
export function cookiesOf(answer: Answer): string {
  return (answer.headers['set-cookie'] ?? []).map((line) => line.split(';', 1)[0] ?? '').join('; ')
}
