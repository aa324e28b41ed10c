/** What a person does when a STUN or TURN server does not do its work. */

import type { StunTrouble } from '@parley/adapters/turn/stun-trouble'
import type { IceTransport, IceUrl } from '@parley/protocol/ice-url'

const NAMES: Readonly<Record<IceTransport, string>> = { udp: 'UDP', tcp: 'TCP', tls: 'TLS' }
const QUOTA = 486
const CAPACITY = 508

/** For everything but refused credentials, of which only who made them knows more. */
export function explainTrouble({ kind, code, message }: StunTrouble, url: IceUrl): string {
  const { host, port, protocol, transport } = url
  const place = `port ${port} of ${host} by ${NAMES[transport]}`
  const carrier = transport === 'udp' ? 'UDP' : 'TCP'
  switch (kind) {
    case 'name':
      return `the name ${host} has no address (${message}): mend it in the settings or in the DNS.`
    case 'closed':
      return `nobody listens on ${place}: start the server there, mend the port in the settings, or let ${carrier} ${port} through its firewall.${transport === 'tls' ? ' coturn opens it only when it can read cert and pkey.' : ''}`
    case 'unreachable':
      return `there is no way from here to ${place} (${message}): look at routes and firewalls.`
    case 'silent':
      return `no answer from ${place}: is the server running, and does every firewall on the way let ${carrier} ${port} through?`
    case 'certificate':
      return `browsers will not believe its certificate (${message}): give it one for ${host} with the whole chain (cert and pkey in turnserver.conf), and restart it.`
    case 'tls':
      return `there is no TLS on ${place} (${message}): set cert and pkey in turnserver.conf, files that its user can read.`
    case 'cut':
      return `the server ended the connection on ${place} (${message}): its log says why.`
    case 'strange':
      return `what answers on ${place} is no ${protocol.toUpperCase()} server (${message}): mend the address.`
    case 'refused':
      if (code === QUOTA || code === CAPACITY)
        return `the server has no room for another one (${code} ${message}): raise user-quota or total-quota in turnserver.conf, or the range of its ports.`
      return `the server refuses with ${code ?? 'no number'}, ${message}: its log says why.`
  }
}
