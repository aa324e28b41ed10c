import type { IceServer } from '@parley/protocol/calls'
import type { TurnServer } from './verdicts.ts'

/** Every address of STUN, and of TURN each with the credentials that belong to it. */
export function splitServers(servers: readonly IceServer[]): {
  readonly stun: readonly string[]
  readonly turn: readonly TurnServer[]
} {
  const all = servers.flatMap(({ urls, username, credential }) =>
    urls.map((url) => ({
      url,
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    })),
  )
  return {
    stun: all.filter(({ url }) => /^stuns?:/i.test(url)).map(({ url }) => url),
    turn: all.flatMap((server) => {
      const transport = turnTransport(server.url)
      return transport === null ? [] : [{ ...server, transport }]
    }),
  }
}

/** Null of what is no address of TURN. */
function turnTransport(url: string): TurnServer['transport'] | null {
  if (/^turns:/i.test(url)) return 'tls'
  if (!/^turn:/i.test(url)) return null
  return /[?&]transport=tcp\b/i.test(url) ? 'tcp' : 'udp'
}
