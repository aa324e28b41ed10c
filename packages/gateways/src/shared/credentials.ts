/** Where a request carries its access token, and who may send one by cookie. */

export const ACCESS_COOKIE = 'parley_access'
export const REFRESH_COOKIE = 'parley_refresh'

export interface Credentials {
  readonly token: string
  /** A cookie is sent by the browser whoever wrote the page: it needs an allowed origin beside it. */
  readonly via: 'bearer' | 'cookie'
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * The bearer token, or else the access cookie. A request that names a bearer is judged by it alone, even when it is
 * empty: a client that means to use a token must not be let in by a cookie.
 */
export function readCredentials(headers: Headers): Credentials | undefined {
  const bearer = readBearer(headers.authorization)
  if (bearer !== undefined) return bearer === '' ? undefined : { token: bearer, via: 'bearer' }
  const cookie = readCookie(headers.cookie, ACCESS_COOKIE)
  return cookie === undefined ? undefined : { token: cookie, via: 'cookie' }
}

/** Exact comparison of scheme, host and port; no origin is never allowed. */
export function isAllowedOrigin(origin: string | undefined, origins: ReadonlySet<string>): boolean {
  return origin !== undefined && origins.has(origin)
}

/** The value of a cookie as it was sent; undefined when it is missing or empty. */
export function readCookie(header: string | string[] | undefined, name: string): string | undefined {
  const text = typeof header === 'string' ? header : header?.join(';')
  for (const pair of text?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    return pair.slice(equals + 1).trim() || undefined
  }
  return undefined
}

/** Other schemes, as a proxy in front may add them, are none of ours. */
function readBearer(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined
  // Trimmed first: a pattern with blanks at both ends takes a second and a half for 16 KB of them.
  return /^bearer(?:\s+(\S*))?$/i.exec(header.trim())?.map((part) => part ?? '')[1]
}
