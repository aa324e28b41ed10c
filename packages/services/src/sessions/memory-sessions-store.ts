/** The store of one process. */
import {
  describePresence,
  GONE_USERS_MAX,
  type LiveConnection,
  LOOK_AFTER_MS,
  LOOKS_MAX_PER_SWEEP,
  OFFLINE_GRACE_MS,
  type SessionsStore,
  type UserSessions,
} from '@parley/contracts'
import type { PresenceState } from '@parley/protocol'

interface Gateway {
  leaseUntil: number
  known: boolean
  url: string | undefined
  readonly connections: Map<string, LiveConnection>
}

export function createMemorySessionsStore(goneMax: number = GONE_USERS_MAX): SessionsStore {
  const people = createPeople(goneMax)
  const { present, gone } = people
  const gateways = new Map<string, Gateway>()
  const looks = createLooks((user) => people.read(user))

  function gatewayOf(id: string, leaseUntil: number): Gateway {
    const gateway = gateways.get(id) ?? { leaseUntil, known: false, url: undefined, connections: new Map() }
    gateways.set(id, gateway)
    return gateway
  }

  function remove(connection: LiveConnection, at: number): void {
    gateways.get(connection.gateway)?.connections.delete(connection.id)
    people.remove(connection, at)
    looks.request(connection.user, at)
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
      looks.request(connection.user, connection.opened_at)
      return true
    },
    async setState(user, id, state, at) {
      const connection = present.get(user)?.get(id)
      if (connection === undefined) return false
      connection.state = state
      looks.request(user, at)
      return true
    },
    async remove(user, id, at) {
      const connection = present.get(user)?.get(id)
      if (connection === undefined) return false
      remove(connection, at)
      return true
    },
    async read(users) {
      return users.map(people.read)
    },
    async listUsers(after, limit, leftAfter) {
      const ids = [...present.keys()].filter((id) => id > after)
      for (const [id, left] of gone) {
        if (left.at > leftAfter && id > after) ids.push(id)
      }
      return ids.sort().slice(0, limit)
    },
    async renewGateway(id, leaseUntil, url) {
      const gateway = gatewayOf(id, leaseUntil)
      const { known } = gateway
      gateway.leaseUntil = leaseUntil
      gateway.known = true
      gateway.url = url
      return known
    },
    async findGateway(id) {
      return gateways.get(id)?.url
    },
    async removeDeadGateways(now) {
      const users = new Set<string>()
      for (const [id, gateway] of gateways) {
        if (gateway.leaseUntil > now) continue
        gateways.delete(id)
        for (const connection of gateway.connections.values()) {
          remove(connection, now)
          users.add(connection.user)
        }
      }
      return [...users.union(looks.due(now))]
    },
    async look(users, now) {
      return users.map((user) => looks.look(user, now))
    },
  }
}

function createPeople(goneMax: number) {
  /** Connections by user and id; no user without one. */
  const present = new Map<string, Map<string, LiveConnection>>()
  /** In the order they left. */
  const gone = new Map<string, { at: number; state: PresenceState }>()

  return {
    present,
    gone,
    remove(connection: LiveConnection, at: number): void {
      const user = present.get(connection.user)
      if (user === undefined || !user.delete(connection.id) || user.size > 0) return
      present.delete(connection.user)
      gone.set(connection.user, { at, state: connection.state })
      const [longest] = gone.keys()
      if (gone.size > goneMax && longest !== undefined) gone.delete(longest)
    },
    read(user: string): UserSessions {
      const connections = present.get(user)
      if (connections !== undefined)
        return { connections: [...connections.values()].map((connection) => ({ ...connection })) }
      const left = gone.get(user)
      return left === undefined ? { connections: [] } : { connections: [], left }
    },
  }
}

/** Who is to be looked at, and what was told. */
function createLooks(read: (user: string) => UserSessions) {
  /** From when on anybody may look: at what changed, and at whose grace ends; each in order of that time. */
  const changes = new Map<string, number>()
  const graces = new Map<string, number>()
  /** What was told last, of those who are not offline. */
  const told = new Map<string, PresenceState>()

  return {
    request(user: string, at: number): void {
      changes.delete(user)
      changes.set(user, at + LOOK_AFTER_MS)
    },
    due(now: number): Set<string> {
      const users = new Set<string>()
      for (const waiting of [changes, graces]) {
        for (const [user, at] of waiting) {
          if (at > now || users.size === LOOKS_MAX_PER_SWEEP) break
          users.add(user)
        }
      }
      return users
    },
    look(user: string, now: number) {
      const sessions = read(user)
      const presence = describePresence(user, sessions, now)
      const changed = presence.state !== (told.get(user) ?? 'offline')
      if (presence.state === 'offline') told.delete(user)
      else told.set(user, presence.state)
      const { left } = sessions
      changes.delete(user)
      graces.delete(user)
      if (left === undefined || presence.state === 'offline') return { presence, changed }
      const againAt = left.at + OFFLINE_GRACE_MS
      graces.set(user, againAt)
      return { presence, changed, againAt }
    },
  }
}
