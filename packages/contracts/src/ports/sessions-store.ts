/**
 * Where the sessions service remembers who is connected and what others were told of it.
 *
 * Order: calls about one user take effect in the order they were made. Atomicity: each call by itself, whichever
 * replica of the service makes it; calls about more than 1,000 users or connections may work in portions. Loss: all of
 * it may be forgotten; gateways open their connections again when a renewal is not recognised. Errors: `unavailable`
 * when the store cannot be reached, within about a second. Cost: one round trip a call, or a portion. Times are
 * milliseconds since the epoch by the caller's clock: replicas' clocks must agree far better than a lease lasts.
 */
import type { Presence, PresenceState } from '@parley/protocol'
import { type Connection, OFFLINE_GRACE_MS } from '../sessions.ts'

export interface LiveConnection extends Connection {
  /** What the client of this connection says. */
  state: 'online' | 'away'
}

/** One user as remembered; forgotten ones have no connections and no `left`. */
export interface UserSessions {
  readonly connections: readonly LiveConnection[]
  /** When the last connection ended, and the state until then; there only without connections. */
  readonly left?: { readonly at: number; readonly state: PresenceState }
}

/** What a look at a user found. */
export interface Look {
  readonly presence: Presence
  /** Nobody was told this state yet: whoever gets this answer tells it, and nobody else does. */
  readonly changed: boolean
  /** The grace of the user ends then. */
  readonly againAt?: number
}

export interface SessionsStore {
  /**
   * Adds it, or replaces the one with the same id. False when the user has `max` others. A gateway that nothing is
   * remembered of lives until `leaseUntil`, but stays unknown until it renews.
   */
  add(connection: LiveConnection, max: number, leaseUntil: number): Promise<boolean>
  /** False when it is not there. */
  setState(user: string, id: string, state: LiveConnection['state'], at: number): Promise<boolean>
  /** Removes it if it is there; `at` is remembered when it was the user's last. */
  remove(user: string, id: string, at: number): Promise<boolean>
  /** In the order asked for. */
  read(users: readonly string[]): Promise<UserSessions[]>
  /** Ids above `after` of users with connections, or without any since less than `leftAfter`, in order of id. */
  listUsers(after: string, limit: number, leftAfter: number): Promise<string[]>
  /**
   * The gateway lives until `leaseUntil` and is reached at `url`. False when this is its first renewal, or the first
   * since it was removed.
   */
  renewGateway(gateway: string, leaseUntil: number, url?: string): Promise<boolean>
  /** Where it is reached; undefined when it is not there or did not say. */
  findGateway(gateway: string): Promise<string | undefined>
  /**
   * Removes gateways whose time is over with all their connections. Answers the users concerned, and at most
   * `LOOKS_MAX_PER_SWEEP` others that are due for a look: their grace is over, or `LOOK_AFTER_MS` ago something
   * changed that nobody has looked at since, because the replica that saw it died.
   */
  removeDeadGateways(now: number): Promise<string[]>
  /** Looks at each user, in the order asked for, and remembers that the state found was told. */
  look(users: readonly string[], now: number): Promise<Look[]>
}

/** A replica that changed something looks at it sooner than this; after it any replica does. */
export const LOOK_AFTER_MS = 1_000
export const LOOKS_MAX_PER_SWEEP = 1_000
/** Of users who are gone only the time they left is kept; above this many, those gone longest are forgotten. */
export const GONE_USERS_MAX = 100_000

/** How a user looks to others at this moment. */
export function describePresence(user: string, sessions: UserSessions, nowMs: number): Presence {
  const { connections, left } = sessions
  if (connections.length > 0) {
    return { user, state: connections.some(({ state }) => state === 'online') ? 'online' : 'away' }
  }
  if (left === undefined) return { user, state: 'offline' }
  if (nowMs - left.at < OFFLINE_GRACE_MS) return { user, state: left.state }
  return { user, state: 'offline', last_seen_at: left.at }
}
