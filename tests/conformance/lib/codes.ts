import { at, equal, fail, isObject, ok, oneOf, show, str } from './asserts.ts'
import type { Answer } from './http.ts'

/** The table of error codes in the contract, by HTTP status. */
export const CODES: Readonly<Record<number, readonly string[]>> = {
  400: ['invalid_request', 'invalid_json'],
  401: ['unauthenticated', 'token_expired', 'bad_credentials'],
  403: ['forbidden', 'not_member', 'bad_origin', 'not_invited'],
  404: ['not_found'],
  409: ['username_taken', 'email_taken', 'room_name_taken', 'conflict', 'mail_off'],
  410: ['link_expired'],
  413: ['too_large', 'file_too_large', 'quota_exceeded'],
  415: ['unsupported_media_type'],
  422: ['password_too_common', 'file_refused'],
  429: ['rate_limited'],
  503: ['overloaded', 'unavailable'],
}

export const ALL_CODES: readonly string[] = Object.values(CODES).flat()

/** Close codes of the socket with their reasons. */
export const CLOSE: Readonly<Record<number, string>> = {
  4000: 'protocol_error',
  4001: 'unauthenticated',
  4002: 'auth_timeout',
  4003: 'session_revoked',
  4004: 'token_expired',
  4008: 'slow_consumer',
  4010: 'draining',
  4029: 'rate_limited',
}

/** Checks a success status and gives the answer back, so that calls chain. */
export function done(answer: Answer, status: number | readonly number[]): Answer {
  const allowed = typeof status === 'number' ? [status] : status
  oneOf(answer.status, allowed, `status of ${answer.what} (answer ${show(answer.text, 300)})`)
  return answer
}

function looksLikeStackTrace(text: string): boolean {
  return /\bat .{1,120}\.[cm]?[jt]s:\d+|node_modules|file:\/\/\//.test(text)
}

/** Checks the whole error shape, that the code belongs to the status, and that both are what was promised. */
export function refused(
  answer: Answer,
  status: number | readonly number[],
  code: string | readonly string[],
): Answer {
  const statuses = typeof status === 'number' ? [status] : status
  const codes = typeof code === 'string' ? [code] : code
  oneOf(answer.status, statuses, `status of ${answer.what} (answer ${show(answer.text, 300)})`)
  errorShape(answer)
  oneOf(at(answer.body, 'error.code'), codes, `error code of ${answer.what}`)
  return answer
}

/** `{"error":{"code","message","details"?,"request_id"}}`, JSON, a code of the table, and no stack trace. */
export function errorShape(answer: Answer): void {
  ok(
    /^application\/json\b/.test(answer.headers['content-type'] ?? ''),
    `an error of ${answer.what} is not application/json`,
  )
  ok(isObject(answer.body), `the error body of ${answer.what} is not a JSON object: ${show(answer.text)}`)
  equal(Object.keys(answer.body), ['error'], `members of the error body of ${answer.what}`)
  const code = str(answer.body, 'error.code')
  ok(/^[a-z][a-z0-9_]*$/.test(code), `error code is not snake_case: ${code}`)
  ok(
    (CODES[answer.status] ?? []).includes(code),
    `code ${code} does not belong to status ${answer.status} of ${answer.what}`,
  )
  ok(str(answer.body, 'error.message').length > 0, 'the error message is empty')
  ok(str(answer.body, 'error.request_id').length > 0, 'the request_id is empty')
  if (looksLikeStackTrace(answer.text))
    fail(`a stack trace in the answer to ${answer.what}: ${show(answer.text)}`)
}

/** An `invalid_request` whose `details` name `field`. */
export function invalid(answer: Answer, field?: string): Answer {
  refused(answer, 400, 'invalid_request')
  if (field !== undefined) {
    const details = JSON.stringify(at(answer.body, 'error.details') ?? null)
    ok(details.includes(field), `details do not name \`${field}\`: ${show(answer.text)}`)
  }
  return answer
}
