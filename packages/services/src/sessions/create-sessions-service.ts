/** The sessions service: who is connected where, and how that looks to others. It stores nothing about rooms or messages. */
import {
  type Bus,
  type Clock,
  CONNECTIONS_MAX_PER_USER,
  GATEWAY_LEASE_MS,
  type Log,
  OFFLINE_GRACE_MS,
  type SessionsService,
} from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { createMemorySessionsStore } from './memory-sessions-store.ts'
import { createPresenceTeller, describePresence } from './presence.ts'
import type { SessionsStore } from './sessions-store.ts'

export interface SessionsServiceDeps {
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  /** In memory when left out. */
  readonly store?: SessionsStore
}

export interface LocalSessionsService extends SessionsService {
  /** From now on gateways without a renewal are noticed by themselves. */
  start(): void
  close(): void
}

const SWEEP_INTERVAL_MS = 1_000
/** A connection too many may be one of a dead gateway, whose lease ends by then. */
const RETRY_AFTER_MS = GATEWAY_LEASE_MS

export function createSessionsService(deps: SessionsServiceDeps): LocalSessionsService {
  const { bus, clock, log, store = createMemorySessionsStore() } = deps
  const presence = createPresenceTeller({ store, bus, clock, log })
  const sweeper = createSweeper(clock, log, dropDeadGateways)

  async function dropDeadGateways(): Promise<void> {
    presence.touch(await store.removeDeadGateways(clock.now()))
  }

  return {
    async openConnection({ id, user, device, gateway }) {
      await dropDeadGateways()
      const now = clock.now()
      const added = await store.add(
        { id, user, device, gateway, opened_at: now, state: 'online' },
        CONNECTIONS_MAX_PER_USER,
        now + GATEWAY_LEASE_MS,
      )
      if (!added) throw new ParleyError('rate_limited', { retryAfterMs: RETRY_AFTER_MS })
      presence.touch([user])
      return {}
    },
    async closeConnection({ id, user }) {
      if (await store.remove(user, id, clock.now())) presence.touch([user])
      return {}
    },
    async renewGateway({ gateway }) {
      // First, so that a gateway that comes too late learns it.
      await dropDeadGateways()
      return { known: await store.renewGateway(gateway, clock.now() + GATEWAY_LEASE_MS) }
    },
    async setState({ id, user, state }) {
      if (!(await store.setState(user, id, state))) throw new ParleyError('not_found')
      presence.touch([user])
      const [sessions] = await store.read([user])
      return { state: describePresence(user, sessions ?? { connections: [] }, clock.now()).state }
    },
    async findConnections({ user }) {
      await dropDeadGateways()
      const [sessions] = await store.read([user])
      const connections = sessions?.connections ?? []
      return { connections: connections.map(({ state: _, ...connection }) => connection) }
    },
    async getPresence({ users }) {
      await dropDeadGateways()
      const now = clock.now()
      const found = await store.read(users)
      return {
        presence: users.map((user, i) => describePresence(user, found[i] ?? { connections: [] }, now)),
      }
    },
    async listOnline({ limit, cursor }) {
      await dropDeadGateways()
      const ids = await store.listUsers(cursor ?? '', limit + 1, clock.now() - OFFLINE_GRACE_MS)
      const users = ids.slice(0, limit)
      const last = users.at(-1)
      return { users, ...(ids.length > limit && last !== undefined ? { next: last } : {}) }
    },
    start: sweeper.start,
    close() {
      sweeper.close()
      presence.close()
    },
  }
}

function createSweeper(clock: Clock, log: Log, sweep: () => Promise<void>) {
  let closed = false
  let cancelTimer = () => {}

  function start(): void {
    if (closed) return
    cancelTimer = clock.after(SWEEP_INTERVAL_MS, () => {
      sweep()
        .catch((error: unknown) => log.warn({ error }, 'dead gateways were not looked for'))
        .finally(start)
    })
  }

  return {
    start,
    close() {
      closed = true
      cancelTimer()
    },
  }
}
