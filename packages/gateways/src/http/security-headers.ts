/** Headers of every answer. Nothing of ours is ever framed, sniffed, or opened by a page of another origin. */
const commonHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy':
    'camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=(), browsing-topics=()',
} as const

/** For answers that are data: a browser that shows one must not run anything in it. */
export const apiHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/** For what people upload: shown or saved, never run. Kept by the browser, and asked for at every use whether it still may be seen. */
export const fileHeaders = {
  'cache-control': 'private, no-cache',
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
} as const

const STRICT_TRANSPORT = 'max-age=31536000'

/** What every request starts with; documents and the web client replace policy and caching. */
export function baseHeaders(secure: boolean): Record<string, string> {
  return {
    ...commonHeaders,
    ...apiHeaders,
    ...(secure ? { 'strict-transport-security': STRICT_TRANSPORT } : {}),
  }
}

/**
 * The web client's policy. `'self'` covers the socket in current browsers; older ones do not let it match `ws:`,
 * so the socket of each allowed origin is named, instead of every socket in the world.
 */
export function webPolicy(origins: ReadonlySet<string>): string {
  const sockets = [...origins]
    .filter((origin) => /^https?:\/\/[A-Za-z0-9.:[\]-]+$/.test(origin))
    .map((origin) => origin.replace(/^http/, 'ws'))
  return [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    `connect-src ${["'self'", ...sockets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "object-src 'none'",
  ].join('; ')
}

/** The API browser draws its icons from `data:` and sends requests to this server only. */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ')
