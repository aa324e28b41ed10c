/**
 * STUN and TURN for one person, with credentials that the TURN server checks by itself: name and password follow from
 * the secret it shares with us (coturn's `use-auth-secret`, draft-uberti-behave-turn-rest-00, which the long-term
 * mechanism of RFC 8489 takes like any other name and password). Nothing is stored, and nobody is asked.
 */
import { createHmac } from 'node:crypto'
import type { Clock } from '@parley/contracts'
import type { IceServer } from '@parley/protocol/calls'

/**
 * A working day. coturn looks at it when an allocation is made, not when one is refreshed, so a longer call goes on; what
 * connects anew later than this asks for fresh ones.
 */
export const TURN_CREDENTIAL_LIFETIME_S = 12 * 60 * 60

export interface IceServersOptions {
  readonly stunUrls: readonly string[]
  readonly turnUrls: readonly string[]
  /** Needed where there is a TURN url. */
  readonly secret: string | undefined
  readonly clock: Pick<Clock, 'now'>
}

export interface TurnCredentials {
  readonly username: string
  readonly credential: string
}

/** Throws when there are TURN urls and no secret; the settings refuse that with a sentence. */
export function createIceServers(options: IceServersOptions): (user: string) => IceServer[] {
  const { stunUrls, turnUrls, secret, clock } = options
  if (turnUrls.length > 0 && secret === undefined) throw new Error('TURN urls need a secret')
  return (user) => [
    ...(stunUrls.length === 0 ? [] : [{ urls: [...stunUrls] }]),
    ...(turnUrls.length === 0 || secret === undefined
      ? []
      : [{ urls: [...turnUrls], ...turnCredentials({ user, secret, nowMs: clock.now() }) }]),
  ]
}

/** The secret is the key as it is written, not what it would decode to. `lifetimeS` may be negative: expired. */
export function turnCredentials(asked: {
  readonly user: string
  readonly secret: string
  readonly nowMs: number
  readonly lifetimeS?: number
}): TurnCredentials {
  const expiresS = Math.floor(asked.nowMs / 1_000) + (asked.lifetimeS ?? TURN_CREDENTIAL_LIFETIME_S)
  const username = `${expiresS}:${asked.user}`
  return { username, credential: createHmac('sha1', asked.secret).update(username).digest('base64') }
}
