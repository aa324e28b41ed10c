/** Who may read what is not for everybody: this machine, or whoever shows a secret. The same at every door. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'

/** What is looked at of an HTTP request. */
export interface Arrival {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/**
 * Of who asks for the metrics. `hidden`: the path is not there, as no token would open it or none was shown.
 * `refused`: the token is wrong.
 */
export type Verdict = 'welcome' | 'hidden' | 'refused'

/** `token` opens the door to other machines; without one only this machine may read. */
export function judgeScraper(request: Arrival, token: string | null | undefined): Verdict {
  if (isFromHere(request)) return 'welcome'
  if (token === null || token === undefined || request.headers.authorization === undefined) return 'hidden'
  return holdsKey(request, [token]) ? 'welcome' : 'refused'
}

/** Whether it shows one of these as a bearer token, compared in constant time. */
export function holdsKey({ headers }: Pick<Arrival, 'headers'>, keys: readonly string[]): boolean {
  const given = digest(String(headers.authorization ?? ''))
  return keys.some((key) => timingSafeEqual(given, digest(`Bearer ${key}`)))
}

const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const

/**
 * A proxy on this machine makes the whole world look local, so its headers disqualify; so does an `Origin`, since
 * the only local page that would send one is somebody else's.
 */
function isFromHere({ headers, socket }: Arrival): boolean {
  return (
    isLoopback(socket.remoteAddress ?? '') &&
    headers.origin === undefined &&
    FORWARDING.every((name) => headers[name] === undefined)
  )
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '')
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/** Texts of any length become equally long. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
