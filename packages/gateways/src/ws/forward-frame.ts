/** A request of the stand-by link may arrive at any gateway: the one that holds the stream is asked to take it. */
import type { GatewayService } from '@parley/contracts'
import type { GatewayParts } from './gateway-parts.ts'

/** How gateways of other processes are reached. */
export interface Peers {
  /** Where the others reach this one. */
  readonly selfUrl: string
  gatewayAt(url: string): GatewayService
}

/** Between a gateway's id and what makes a connection's id unique on it. */
const SEPARATOR = '_'

/** An id that says which gateway holds the connection. */
export function connectionId(gateway: string, unique: string): string {
  return `${gateway}${SEPARATOR}${unique}`
}

/** The other gateway's answer; null when there is no such session. */
export async function forwardFrame(
  { sessions, gateway, peers }: GatewayParts,
  user: string,
  session: string,
  frame: unknown,
): Promise<object | null> {
  const [holder = ''] = session.split(SEPARATOR)
  if (peers === undefined || holder === '' || holder === gateway) return null
  const { url } = await sessions.findGateway({ gateway: holder })
  if (url === undefined) return null
  const { answer } = await peers.gatewayAt(url).takeFrame({ user, session, frame })
  return answer
}
