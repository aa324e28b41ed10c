/** HTTP calls in the name of the session: fresh token before, one refresh and repetition after a refusal. */
import { ParleyError } from '@parley/protocol'
import type { Http, HttpCall, Query } from './http.ts'

export interface Credentials {
  /** What goes into `Authorization`; null where cookies do it or nobody is signed in. */
  bearer(): string | null
  /** Refreshes when the token is known to be over. Throws when that cannot be found out now. */
  ensureFresh(): Promise<void>
  /** False: refused, the session is over. Throws when that cannot be found out now. */
  refresh(): Promise<boolean>
}

export interface RestCall {
  readonly query?: Query
  readonly body?: unknown
}

export class Rest {
  readonly #http: Http
  readonly #credentials: Credentials

  constructor(http: Http, credentials: Credentials) {
    this.#http = http
    this.#credentials = credentials
  }

  /** `path` below `/api/v1`. Throws `ParleyError`. */
  async call<Result>(method: HttpCall['method'], path: string, options: RestCall = {}): Promise<Result> {
    return this.authorized((token) =>
      this.#http.json<Result>({ method, path: `/api/v1${path}`, ...options, token }),
    )
  }

  /** A call that goes another way; `token` is null where cookies do it. Made again once where the token was refused. */
  async authorized<Result>(send: (token: string | null) => Promise<Result>): Promise<Result> {
    await this.#credentials.ensureFresh()
    try {
      return await send(this.#credentials.bearer())
    } catch (error) {
      if (!isStaleToken(error) || !(await this.#credentials.refresh())) throw error
      return send(this.#credentials.bearer())
    }
  }
}

/** `unauthenticated` too: a cookie that reached its age is not sent at all, while the refresh cookie lives on. */
export function isStaleToken(error: unknown): boolean {
  return error instanceof ParleyError && (error.code === 'token_expired' || error.code === 'unauthenticated')
}
