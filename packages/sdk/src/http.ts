/** One HTTP call: JSON out, JSON or a `ParleyError` in. Knows nothing of sessions. */
import { type ErrorCode, errorCatalogue, isErrorCode, ParleyError } from '@parley/protocol'
import type { Clock } from './clock.ts'

const ANSWER_WITHIN_MS = 20_000

export type Query = Readonly<Record<string, string | number | undefined>>

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the origin, e.g. `/api/v1/rooms`. */
  readonly path: string
  readonly query?: Query | undefined
  readonly body?: unknown
  readonly token?: string | null
  readonly withinMs?: number
}

export interface HttpOptions {
  readonly fetch: typeof globalThis.fetch
  readonly baseUrl: string
  readonly clock: Clock
  /** Whether the browser sends its cookies along. */
  readonly cookies: boolean
}

export class Http {
  readonly #options: HttpOptions
  readonly #open = new Set<AbortController>()

  constructor(options: HttpOptions) {
    this.#options = options
  }

  /** Throws `ParleyError`: the server's own, or `unavailable` when there was no usable answer. */
  async json<Result>(call: HttpCall): Promise<Result> {
    const abort = new AbortController()
    this.#open.add(abort)
    const cancel = this.#options.clock.after(call.withinMs ?? ANSWER_WITHIN_MS, () => abort.abort())
    try {
      const response = await this.open(call, abort.signal)
      if (!response.ok) throw await readError(response)
      if (response.status === 204) return undefined as Result
      return (await response.json()) as Result
    } catch (error) {
      if (error instanceof ParleyError) throw error
      throw new ParleyError('unavailable', { message: 'The server cannot be reached.', cause: error })
    } finally {
      cancel()
      this.#open.delete(abort)
    }
  }

  /** The bare response, for bodies that are read as they come. Rejects as `fetch` does. */
  open(call: HttpCall, signal: AbortSignal): Promise<Response> {
    const { fetch, baseUrl, cookies } = this.#options
    const headers: Record<string, string> = { accept: 'application/json' }
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    if (call.token) headers.authorization = `Bearer ${call.token}`
    return fetch(baseUrl + call.path + encodeQuery(call.query), {
      method: call.method,
      headers,
      cache: 'no-store',
      credentials: cookies ? 'include' : 'omit',
      signal,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    })
  }

  /** Ends every call that still waits. */
  abortAll(): void {
    for (const abort of this.#open) abort.abort()
  }
}

function encodeQuery(query: Query = {}): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

interface ErrorBody {
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly details?: unknown }
}

export async function readError(response: Response): Promise<ParleyError> {
  const body: unknown = await response.json().catch(() => null)
  return toError(response.status, body, response.headers.get('retry-after'))
}

/** `body`: the answer as JSON, whatever it is. */
export function toError(status: number, body: unknown, retryAfter: string | null): ParleyError {
  const given = (body as ErrorBody | null)?.error
  const code = isErrorCode(given?.code) ? given.code : codeOfStatus(status)
  const seconds = Number(retryAfter ?? Number.NaN)
  return new ParleyError(code, {
    ...(typeof given?.message === 'string' ? { message: given.message } : {}),
    details: given?.details,
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {}),
  })
}

/** For answers that are not the server's own, as a proxy's error page. */
function codeOfStatus(status: number): ErrorCode {
  if (status >= 500) return 'unavailable'
  for (const [code, definition] of Object.entries(errorCatalogue))
    if (definition.status === status) return code as ErrorCode
  return 'invalid_request'
}
