/**
 * Where the sessions service remembers who is connected.
 *
 * Order: calls about one user take effect in the order they were made. Atomicity: each call by itself. Loss: all of
 * it may be forgotten; gateways open their connections again when a renewal is not recognised. Cost: one round
 * trip a call.
 */
import type { Connection } from '@parley/contracts'
import type { PresenceState } from '@parley/protocol'

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

export interface SessionsStore {
  /**
   * Adds it, or replaces the one with the same id. False when the user has `max` others. A gateway that nothing is
   * remembered of lives until `leaseUntil`, but stays unknown until it renews.
   */
  add(connection: LiveConnection, max: number, leaseUntil: number): Promise<boolean>
  /** False when it is not there. */
  setState(user: string, id: string, state: LiveConnection['state']): Promise<boolean>
  /** Removes it if it is there; `at` is remembered when it was the user's last. */
  remove(user: string, id: string, at: number): Promise<boolean>
  /** In the order asked for. */
  read(users: readonly string[]): Promise<UserSessions[]>
  /** Ids above `after` of users with connections, or without any since less than `leftAfter`, in order of id. */
  listUsers(after: string, limit: number, leftAfter: number): Promise<string[]>
  /** The gateway lives until `leaseUntil`. False when this is its first renewal, or the first since it was removed. */
  renewGateway(gateway: string, leaseUntil: number): Promise<boolean>
  /** Removes gateways whose time is over with all their connections; the users concerned. */
  removeDeadGateways(now: number): Promise<string[]>
}
