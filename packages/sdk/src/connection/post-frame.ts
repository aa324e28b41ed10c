/** Requests of the stand-by link: one frame a POST, its answer the body. */
import type { ClientFrame, ServerFrame } from '@parley/protocol'
import { type ErrorCode, errorCatalogue, ParleyError } from '@parley/protocol'
import type { Http } from '../http.ts'
import { ABNORMAL_CLOSE, type TransportEvents } from './transport.ts'

export interface PostOptions {
  readonly http: Http
  readonly bearer: () => string | null
  readonly events: TransportEvents
  /** Whether the link is over; then answers are no longer wanted. */
  readonly closed: () => boolean
  readonly fail: (code: number, reason: string) => void
}

export async function postFrame(options: PostOptions, session: string, frame: ClientFrame): Promise<void> {
  const { http, bearer, events, closed, fail } = options
  const id = 'id' in frame ? frame.id : undefined
  try {
    const path = `/api/v1/stream/${encodeURIComponent(session)}`
    const answer = await http.json<ServerFrame | undefined>({
      method: 'POST',
      path,
      body: frame,
      token: bearer(),
    })
    if (closed()) return
    if (answer !== undefined && answer !== null && 't' in answer) events.frame(answer)
    else events.alive()
  } catch (error) {
    if (closed()) return
    const failure = error instanceof ParleyError ? error : new ParleyError('unavailable')
    // The server does not know this session any more: only a new stream helps.
    if (failure.code === 'not_found') return fail(ABNORMAL_CLOSE, 'session_gone')
    if (id !== undefined) events.frame(toErrorFrame(id, failure))
  }
}

function toErrorFrame(id: number, error: ParleyError): ServerFrame {
  const code: ErrorCode = error.code
  const { retryable } = errorCatalogue[code]
  const wait = error.retryAfterMs === undefined ? {} : { retry_after_ms: error.retryAfterMs }
  return { t: 'error', id, code, message: error.message, retryable, ...wait, details: error.details }
}
