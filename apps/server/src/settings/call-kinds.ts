/** How the settings of calls are read; see `kinds.ts`. */
import { parseIceUrl } from '@parley/protocol/ice-url'
import { PlainError } from '../plain-error.ts'

/** Browsers refuse more than a handful, and each costs a call time at its start. */
const URLS_MAX = 10
const SECRET_MIN_CHARS = 16

export function stunUrls(text: string): readonly string[] {
  return iceUrls(text, 'stun', 'stun:stun.example.org:3478')
}

export function turnUrls(text: string): readonly string[] {
  return iceUrls(text, 'turn', 'turn:turn.example.org:3478?transport=udp')
}

function iceUrls(text: string, protocol: 'stun' | 'turn', example: string): readonly string[] {
  const urls = text.split(',').map((url) => url.trim())
  if (urls.length > URLS_MAX) throw new PlainError(`must have at most ${URLS_MAX} addresses`)
  for (const url of urls) {
    if (parseIceUrl(url)?.protocol !== protocol)
      throw new PlainError(
        `must be a list of addresses such as ${example}, separated by commas, not "${url}"`,
      )
  }
  return urls
}

/** As it stands in coturn's file, which ends a value at white space, takes `#` for a comment and drops `"`. Errors never repeat it. */
export function turnSecret(text: string): string {
  if (!/^[!$-~]+$/.test(text) || text.length < SECRET_MIN_CHARS)
    throw new PlainError(
      `must be at least ${SECRET_MIN_CHARS} letters, digits and signs of ASCII, without spaces, " and #, the same as static-auth-secret of coturn; "openssl rand -hex 32" prints one`,
    )
  return text
}
