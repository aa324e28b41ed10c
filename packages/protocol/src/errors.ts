/**
 * The catalogue of errors: every code a client can meet, on HTTP and on the socket. Nothing else is ever
 * sent; a test compares this table with `docs/protocol.md` in both directions.
 */
export interface ErrorDefinition {
  /** HTTP status. */
  readonly status: number
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean
  /** Default sentence for a person. */
  readonly message: string
}

export const errorCatalogue = {
  invalid_request: { status: 400, retryable: false, message: 'Some fields are missing or not allowed.' },
  invalid_json: { status: 400, retryable: false, message: 'This is not valid JSON.' },
  unauthenticated: { status: 401, retryable: false, message: 'Sign in first.' },
  token_expired: { status: 401, retryable: true, message: 'The access token has expired; refresh it.' },
  bad_credentials: { status: 401, retryable: false, message: 'The name or the password is wrong.' },
  forbidden: { status: 403, retryable: false, message: 'You may not do this.' },
  not_member: { status: 403, retryable: false, message: 'Join this room first.' },
  bad_origin: {
    status: 403,
    retryable: false,
    message: 'This origin is not allowed; add it to PARLEY_ORIGINS.',
  },
  not_invited: { status: 403, retryable: false, message: 'You need an invitation.' },
  not_found: { status: 404, retryable: false, message: 'There is nothing here, or you may not know of it.' },
  username_taken: { status: 409, retryable: false, message: 'This user name is taken.' },
  email_taken: { status: 409, retryable: false, message: 'This e-mail address is taken.' },
  room_name_taken: { status: 409, retryable: false, message: 'A public room already has this name.' },
  conflict: { status: 409, retryable: false, message: 'This does not fit the present state.' },
  mail_off: {
    status: 409,
    retryable: false,
    message: 'This server sends no e-mail; ask its administrator.',
  },
  link_expired: {
    status: 410,
    retryable: false,
    message: 'This link is not valid any more; ask for a new one.',
  },
  too_large: { status: 413, retryable: false, message: 'The request is too large.' },
  file_too_large: { status: 413, retryable: false, message: 'The file is too large.' },
  quota_exceeded: { status: 413, retryable: false, message: 'Your space for files is used up.' },
  unsupported_media_type: { status: 415, retryable: false, message: 'Send application/json.' },
  password_too_common: { status: 422, retryable: false, message: 'This password is too common.' },
  file_refused: { status: 422, retryable: false, message: 'This kind of file is refused.' },
  rate_limited: { status: 429, retryable: true, message: 'Too many requests; wait a little.' },
  overloaded: { status: 503, retryable: true, message: 'The server is busy; try again shortly.' },
  unavailable: {
    status: 503,
    retryable: true,
    message: 'This is not available at the moment; try again shortly.',
  },
} as const satisfies Record<string, ErrorDefinition>

export type ErrorCode = keyof typeof errorCatalogue

export interface ErrorOptions {
  readonly message?: string
  /** For `invalid_request`: the fields, each with its sentence. */
  readonly details?: unknown
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** The only error that services and gateways throw on purpose. */
export class ParleyError extends Error {
  readonly code: ErrorCode
  readonly details: unknown
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    super(
      options.message ?? errorCatalogue[code].message,
      options.cause === undefined ? {} : { cause: options.cause },
    )
    this.name = 'ParleyError'
    this.code = code
    this.details = options.details
    this.retryAfterMs = options.retryAfterMs
  }

  get status(): number {
    return errorCatalogue[this.code].status
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value)
}
