/** What the findings at a TURN server mean. */
import { isPrivateAddress } from '@parley/adapters/push/is-private-address'
import type { RelayFigures } from '@parley/adapters/turn/measure-relay'
import { bad, good, poor, type Verdict } from '../../doctor/finding.ts'

const LOSS_BAD = 0.2
const LOSS_POOR = 0.02
const ROUND_TRIP_POOR_MS = 400
const BITS_POOR = 1_000_000
const NOWHERE = ['0.0.0.0', '::']

/** `isPublic`: the server itself is reached at an address of the internet. */
export function judgeRelayed(relayed: string, isPublic: boolean): Verdict {
  if (NOWHERE.includes(relayed) || (isPublic && isPrivateAddress(relayed))) {
    return bad(
      `it relays from ${relayed}, where nobody outside of its network reaches it: set external-ip in turnserver.conf to its address on the internet.`,
    )
  }
  return good(`relays from ${relayed}`)
}

export function judgePeers(found: {
  /** Of addresses that nobody may reach, those that we may. */
  readonly reached: readonly string[]
  readonly publicReached: boolean
  readonly isPublic: boolean
}): Verdict {
  const { reached, publicReached, isPublic } = found
  if (reached.length > 0) {
    const loopback = reached.some((peer) => peer.startsWith('127.') || peer === '::1')
    return bad(
      `everybody in a call can reach ${reached.join(', ')} through it: its own machine or network. Add the denied-peer-ip lines of deploy/coturn/turnserver.conf to its own${loopback ? ', and take allow-loopback-peers out' : ''}.`,
    )
  }
  if (isPublic && !publicReached) {
    return bad(
      'it refuses addresses of the internet too, so nobody is reached through it: a range in denied-peer-ip is too wide. In coturn one that begins with :: covers all of IPv4; ::1 does not.',
    )
  }
  return good('refuses addresses of its own network')
}

export function judgeFigures(figures: RelayFigures): Verdict {
  const { loss, roundTripMs, bitsPerSecond } = figures
  if (roundTripMs === undefined) {
    return bad(
      'packets do not come through: let UDP to its relay ports in (min-port to max-port of turnserver.conf), and where external-ip is set, also from the server to that address.',
    )
  }
  const text = `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s, ${(loss * 100).toFixed(1)} % lost, ${roundTripMs.toFixed(roundTripMs < 10 ? 1 : 0)} ms there and back`
  if (loss > LOSS_BAD)
    return bad(`${text}: too much is lost for a call. The line is overloaded, or max-bps is too low.`)
  if (loss > LOSS_POOR)
    return poor(`${text}: pictures will stutter. The line is loaded, or max-bps is too low.`)
  if (bitsPerSecond < BITS_POOR) return poor(`${text}: too slow for a sharp picture.`)
  if (roundTripMs > ROUND_TRIP_POOR_MS)
    return poor(`${text}: people will talk into each other's words. A server nearer to them helps.`)
  return good(text)
}
