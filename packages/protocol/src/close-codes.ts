/** Why a socket was closed, and what the client should do about it: the verdict travels with the code. */
export type Reconnect =
  /** Never by itself: a person must act. */
  | 'no'
  /** At once, with the cursor it has. */
  | 'now'
  /** At once, after the access token was refreshed. */
  | 'after_refresh'
  /** With growing, jittered pauses. */
  | 'backoff'

export interface CloseDefinition {
  readonly code: number
  readonly reconnect: Reconnect
}

export const closeCodes = {
  protocol_error: { code: 4000, reconnect: 'no' },
  unauthenticated: { code: 4001, reconnect: 'no' },
  auth_timeout: { code: 4002, reconnect: 'backoff' },
  session_revoked: { code: 4003, reconnect: 'no' },
  token_expired: { code: 4004, reconnect: 'after_refresh' },
  slow_consumer: { code: 4008, reconnect: 'now' },
  too_large: { code: 1009, reconnect: 'no' },
  draining: { code: 4010, reconnect: 'now' },
  rate_limited: { code: 4029, reconnect: 'backoff' },
} as const satisfies Record<string, CloseDefinition>

export type CloseReason = keyof typeof closeCodes

/** The verdict for a received close code; anything not in the table (a cut line is 1006) backs off. */
export function reconnectAfter(code: number): Reconnect {
  for (const definition of Object.values(closeCodes))
    if (definition.code === code) return definition.reconnect
  return 'backoff'
}
