/** Settings of media servers. */
import { PlainError } from '../plain-error.ts'
import { setting } from './setting.ts'

const SERVERS_MAX = 50
const SECRET_MIN_CHARS = 16

/** Roots of HTTP APIs, each once: its address is what a server is known by. */
function janusUrls(text: string): readonly string[] {
  const urls = text.split(',').map((item) => {
    const url = URL.canParse(item.trim()) ? new URL(item.trim()) : undefined
    if (
      url === undefined ||
      url.protocol !== 'http:' ||
      url.pathname === '/' ||
      url.username + url.password + url.search + url.hash !== ''
    )
      throw new PlainError(
        'must be a list of addresses such as http://10.0.0.7:8088/janus, separated by commas, inside the private network',
      )
    return url.href.replace(/\/+$/, '')
  })
  if (urls.length > SERVERS_MAX) throw new PlainError(`must have at most ${SERVERS_MAX} addresses`)
  return [...new Set(urls)]
}

/** As it stands between quotation marks in Janus's file. Errors never repeat it. */
function janusSecret(text: string): string {
  if (!/^[!#-[\]-~]+$/.test(text) || text.length < SECRET_MIN_CHARS)
    throw new PlainError(
      `must be at least ${SECRET_MIN_CHARS} letters, digits and signs of ASCII, without spaces, " and \\, the same as api_secret of Janus; "openssl rand -hex 32" prints one`,
    )
  return text
}

export const janusSettings = {
  janusUrls: setting({
    env: 'PARLEY_JANUS_URLS',
    flag: '--janus-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: janusUrls,
    description:
      'Janus media servers (SFU), separated by commas, by the root of their HTTP API such as `http://10.0.0.7:8088/janus`: calls of more people than browsers carry between them go there, each to the one with the fewest people. `deploy/janus` has a configuration. Not set: 4 people with pictures in a call, 8 with sound. For `calls`.',
  }),
  janusSecret: setting({
    env: 'PARLEY_JANUS_SECRET',
    flag: '--janus-secret',
    placeholder: 'secret',
    fallback: undefined,
    parse: janusSecret,
    description:
      'What Parley and Janus share (`api_secret` of Janus), needed with `PARLEY_JANUS_URLS`: random text of at least 16 characters.',
    secret: true,
  }),
} as const
