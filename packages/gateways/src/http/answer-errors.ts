import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '@parley/contracts'
import { type ErrorCode, errorCatalogue, isErrorCode, ParleyError } from '@parley/protocol'
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify'
import { apiHeaders } from './security-headers.ts'

const DEFAULT_RETRY_AFTER_MS = 1_000

/** What the framework itself refuses, by its code. */
const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_NOT_FOUND: 'not_found',
  FST_STATIC_FORBIDDEN_PATH: 'not_found',
}

/** Statuses of the framework and its plugins that have one code of ours; any other 4xx is `invalid_request`. */
const statusCodes: Readonly<Record<number, ErrorCode>> = {
  403: 'not_found',
  404: 'not_found',
  413: 'too_large',
  414: 'not_found',
  415: 'unsupported_media_type',
  431: 'too_large',
}

/** The error as the catalogue knows it; `undefined` for what nobody meant to throw. */
function knownError(error: unknown): ParleyError | undefined {
  if (error instanceof ParleyError) return error
  if (typeof error !== 'object' || error === null) return undefined
  const code: unknown = Reflect.get(error, 'code')
  if (typeof code === 'string' && Object.hasOwn(frameworkCodes, code)) {
    const ours = frameworkCodes[code]
    if (ours !== undefined) return new ParleyError(ours)
  }
  // Across a process boundary the class may be another one; the code is what counts.
  if (isErrorCode(code) && error instanceof Error) {
    return new ParleyError(code, { message: error.message, details: Reflect.get(error, 'details') })
  }
  const status: unknown = Reflect.get(error, 'statusCode')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ParleyError(statusCodes[status] ?? 'invalid_request')
  }
  return undefined
}

function errorText(error: ParleyError, requestId: string): string {
  return JSON.stringify({
    error: {
      code: error.code,
      message: error.message,
      ...(error.details === undefined ? {} : { details: error.details }),
      request_id: requestId,
    },
  })
}

/** Whole seconds, at least one. */
function retryAfterSeconds(error: ParleyError): number {
  return Math.max(1, Math.ceil((error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS) / 1_000))
}

/**
 * The one place where an error becomes an answer. What is not in the catalogue is a defect of ours: it is logged
 * with its stack and the client is told to come again, for a replica or a later moment may do better.
 */
export function createErrorAnswer(log: Log) {
  return function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    let known = knownError(error)
    if (known === undefined) {
      log.error(
        { request_id: request.id, route: request.routeOptions.url, err: error },
        'an unexpected error was answered with unavailable',
      )
      known = new ParleyError('unavailable')
    } else if (known.status >= 500) {
      log.warn(
        { request_id: request.id, route: request.routeOptions.url, code: known.code, err: known.cause },
        known.message,
      )
    }
    if (known.status === 429 || known.status === 503) reply.header('retry-after', retryAfterSeconds(known))
    if (known.status === 401) reply.header('www-authenticate', 'Bearer')
    reply
      .code(known.status)
      .headers(apiHeaders)
      .removeHeader('content-encoding')
      .removeHeader('etag')
      .type('application/json; charset=utf-8')
      .send(errorText(known, request.id))
  }
}

/** Answers what is not even HTTP, before any request exists, and hangs up. */
export function createClientErrorAnswer(newId: () => string, log: Log) {
  return function answerClientError(error: ConnectionError, socket: Socket): void {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    const id = newId()
    log.debug({ request_id: id, code: error.code }, 'not an HTTP request')
    const code: ErrorCode = error.code === 'HPE_HEADER_OVERFLOW' ? 'too_large' : 'invalid_request'
    const body = errorText(new ParleyError(code, { message: errorCatalogue[code].message }), id)
    if (!socket.writable) {
      socket.destroy()
      return
    }
    const status = errorCatalogue[code].status
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${id}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      'Connection: close',
    ]
    // Not half closed until they hang up, which they may never do.
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
  }
}
