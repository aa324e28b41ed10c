/** Addresses of STUN and TURN servers as browsers take them (RFC 7064, RFC 7065). */
export type IceTransport = 'udp' | 'tcp' | 'tls'

export interface IceUrl {
  readonly url: string
  readonly protocol: 'stun' | 'turn'
  readonly transport: IceTransport
  /** Without the brackets of an IPv6 address. */
  readonly host: string
  readonly port: number
}

const PORT_MAX = 65_535
const FORM = /^(stuns?|turns?):(\[[^\]]+\]|[^:?[\]/@]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i
const HOST_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i

/**
 * Undefined when it is none: an unknown scheme, another query, `//`, a user name. Only what Chromium, Firefox and
 * Safari all understand: no query for STUN, and no `turns:` over UDP.
 */
export function parseIceUrl(url: string): IceUrl | undefined {
  const [, scheme = '', place = '', digits, query] = FORM.exec(url) ?? []
  const secure = scheme.toLowerCase().endsWith('s')
  const protocol = /^stun/i.test(scheme) ? 'stun' : 'turn'
  const host = place.replace(/^\[(.*)\]$/, '$1')
  const port = digits === undefined ? (secure ? 5349 : 3478) : Number(digits)
  const hostIsRight = place.startsWith('[') ? URL.canParse(`http://${place}`) : HOST_NAME.test(host)
  if (scheme === '' || !hostIsRight || port < 1 || port > PORT_MAX) return undefined
  if (query !== undefined && (protocol === 'stun' || (secure && query.toLowerCase() === 'udp')))
    return undefined
  const transport = secure ? 'tls' : query?.toLowerCase() === 'tcp' ? 'tcp' : 'udp'
  return { url, protocol, transport, host, port }
}
