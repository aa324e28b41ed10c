/** The demo's client: `protocol.md` and nothing else of ours. */
import { setTimeout as delay } from 'node:timers/promises'
import { PlainError } from '../plain-error.ts'

const TRIES_MAX = 20
const SOCKET_TIMEOUT_MS = 15_000

export interface Session {
  readonly id: string
  readonly token: string
}

export interface Answer<Body> {
  readonly status: number
  readonly body: Body
}

export interface Api {
  /** Waits and repeats when the server asks for it. Throws `PlainError` for any status that is not in `accepted`. */
  call<Body>(
    method: string,
    path: string,
    options?: { token?: string | undefined; body?: object; accepted?: readonly number[] },
  ): Promise<Answer<Body>>
  /** Sends requests over one socket, in order, and resolves once all were answered. */
  overSocket(token: string, requests: readonly ({ t: string } & Record<string, unknown>)[]): Promise<void>
}

const SUCCESS = [200, 201, 204]

export function createApi(base: URL): Api {
  return {
    async call(method, path, { token, body, accepted = SUCCESS } = {}) {
      for (let tried = 1; ; tried++) {
        const response = await fetch(new URL(`/api/v1${path}`, base), {
          method,
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }).catch((error: unknown) => {
          throw new PlainError(
            `No Parley answers at ${base.origin} (${reasonOf(error)}): start one with "npm start", or say where it is with --url or PARLEY_PORT.`,
          )
        })
        const text = await response.text()
        const waitSeconds = Number(response.headers.get('retry-after'))
        if ((response.status === 429 || response.status === 503) && waitSeconds > 0 && tried < TRIES_MAX) {
          await delay(waitSeconds * 1_000)
          continue
        }
        if (accepted.includes(response.status)) {
          return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
        }
        throw new PlainError(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 300)}`)
      }
    },

    async overSocket(token, requests) {
      const socket = new WebSocket(new URL('/ws', base.href.replace(/^http/, 'ws')), 'parley.v1')
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(
        () => reject(new PlainError('The socket was silent for too long.')),
        SOCKET_TIMEOUT_MS,
      )
      const open = new Set(requests.keys())
      socket.addEventListener('message', ({ data }) => {
        const frame = JSON.parse(String(data)) as { t: string; id?: number; message?: string }
        if (frame.t === 'hello') socket.send(JSON.stringify({ t: 'auth', token }))
        if (frame.t === 'ready') {
          if (open.size === 0) resolve()
          for (const [id, request] of requests.entries()) socket.send(JSON.stringify({ id, ...request }))
        }
        if (frame.t === 'error') reject(new PlainError(`The server refused a frame: ${frame.message ?? ''}`))
        if (frame.t === 'ok' && frame.id !== undefined && open.delete(frame.id) && open.size === 0) resolve()
      })
      socket.addEventListener('error', () =>
        reject(new PlainError(`The socket at ${base.origin}/ws did not open.`)),
      )
      socket.addEventListener('close', ({ code }) =>
        reject(new PlainError(`The socket was closed (${code}).`)),
      )
      try {
        await promise
      } finally {
        clearTimeout(timer)
        socket.close()
      }
    },
  }
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  return (cause instanceof Error ? cause.message : '') || (error as Error).message
}
