/** The store of one process. */
import type { PresenceState } from '@parley/protocol'
import type { LiveConnection, SessionsStore, UserSessions } from './sessions-store.ts'

interface Gateway {
  leaseUntil: number
  known: boolean
  readonly connections: Map<string, LiveConnection>
}

/** Of users who are gone only the time they left is kept; above this many, those gone longest are forgotten. */
const GONE_MAX = 100_000

export function createMemorySessionsStore(goneMax: number = GONE_MAX): SessionsStore {
  /** Connections by user and id; no user without one. */
  const present = new Map<string, Map<string, LiveConnection>>()
  /** In the order they left. */
  const gone = new Map<string, { at: number; state: PresenceState }>()
  const gateways = new Map<string, Gateway>()

  function gatewayOf(id: string, leaseUntil: number): Gateway {
    const gateway = gateways.get(id) ?? { leaseUntil, known: false, connections: new Map() }
    gateways.set(id, gateway)
    return gateway
  }

  function remove(connection: LiveConnection, at: number): void {
    gateways.get(connection.gateway)?.connections.delete(connection.id)
    const user = present.get(connection.user)
    if (user === undefined || !user.delete(connection.id) || user.size > 0) return
    present.delete(connection.user)
    gone.set(connection.user, { at, state: connection.state })
    const [longest] = gone.keys()
    if (gone.size > goneMax && longest !== undefined) gone.delete(longest)
  }

  function read(user: string): UserSessions {
    const connections = present.get(user)
    if (connections !== undefined) return { connections: [...connections.values()] }
    const left = gone.get(user)
    return left === undefined ? { connections: [] } : { connections: [], left }
  }

  return {
    async add(connection, max, leaseUntil) {
      const user = present.get(connection.user) ?? new Map<string, LiveConnection>()
      const replaced = user.get(connection.id)
      if (replaced === undefined && user.size >= max) return false
      if (replaced !== undefined) gateways.get(replaced.gateway)?.connections.delete(replaced.id)
      const kept = { ...connection }
      user.set(connection.id, kept)
      present.set(connection.user, user)
      gone.delete(connection.user)
      gatewayOf(connection.gateway, leaseUntil).connections.set(connection.id, kept)
      return true
    },
    async setState(user, id, state) {
      const connection = present.get(user)?.get(id)
      if (connection === undefined) return false
      connection.state = state
      return true
    },
    async remove(user, id, at) {
      const connection = present.get(user)?.get(id)
      if (connection === undefined) return false
      remove(connection, at)
      return true
    },
    async read(users) {
      return users.map(read)
    },
    async listUsers(after, limit, leftAfter) {
      const ids = [...present.keys()].filter((id) => id > after)
      for (const [id, left] of gone) {
        if (left.at > leftAfter && id > after) ids.push(id)
      }
      return ids.sort().slice(0, limit)
    },
    async renewGateway(id, leaseUntil) {
      const gateway = gatewayOf(id, leaseUntil)
      const { known } = gateway
      gateway.leaseUntil = leaseUntil
      gateway.known = true
      return known
    },
    async removeDeadGateways(now) {
      const users: string[] = []
      for (const [id, gateway] of gateways) {
        if (gateway.leaseUntil > now) continue
        gateways.delete(id)
        for (const connection of gateway.connections.values()) {
          remove(connection, now)
          users.push(connection.user)
        }
      }
      return users
    },
  }
}
