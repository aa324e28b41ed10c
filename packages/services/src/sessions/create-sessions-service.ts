/** The sessions service: who is connected where, and how that looks to others. It stores nothing about rooms or messages. */
import {
  type Bus,
  type Clock,
  CONNECTIONS_MAX_PER_USER,
  describePresence,
  GATEWAY_LEASE_MS,
  type Log,
  OFFLINE_GRACE_MS,
  type SessionsService,
  type SessionsStore,
} from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { tellLosses } from '../shared/tell-losses.ts'
import { createMemorySessionsStore } from './memory-sessions-store.ts'
import { createPresenceTeller } from './presence.ts'

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
  let stopTelling = () => {}
  const sweeper = createSweeper(clock, log, dropDeadGateways)

  async function dropDeadGateways(): Promise<void> {
    presence.touch(await store.removeDeadGateways(clock.now()))
  }

  /** Asked together, in one round trip: the store takes calls in the order they were made. */
  async function afterDroppingDead<Result>(ask: () => Promise<Result>): Promise<Result> {
    const dropped = dropDeadGateways()
    const [result] = await Promise.all([ask(), dropped])
    return result
  }

  return {
    async openConnection({ id, user, device, gateway }) {
      const now = clock.now()
      const connection = { id, user, device, gateway, opened_at: now, state: 'online' as const }
      const added = await afterDroppingDead(() =>
        store.add(connection, CONNECTIONS_MAX_PER_USER, now + GATEWAY_LEASE_MS),
      )
      if (!added) throw new ParleyError('rate_limited', { retryAfterMs: RETRY_AFTER_MS })
      presence.touch([user])
      return {}
    },
    async closeConnection({ id, user }) {
      if (await store.remove(user, id, clock.now())) presence.touch([user])
      return {}
    },
    async renewGateway({ gateway, url }) {
      const leaseUntil = clock.now() + GATEWAY_LEASE_MS
      // The dead first, so that a gateway that comes too late learns it.
      return { known: await afterDroppingDead(() => store.renewGateway(gateway, leaseUntil, url)) }
    },
    async setState({ id, user, state }) {
      if (!(await store.setState(user, id, state, clock.now()))) throw new ParleyError('not_found')
      presence.touch([user])
      const [sessions] = await store.read([user])
      return { state: describePresence(user, sessions ?? { connections: [] }, clock.now()).state }
    },
    async findConnections({ user }) {
      const [sessions] = await afterDroppingDead(() => store.read([user]))
      return { connections: (sessions?.connections ?? []).map(({ state: _, ...connection }) => connection) }
    },
    async findGateway({ gateway }) {
      const url = await afterDroppingDead(() => store.findGateway(gateway))
      return url === undefined ? {} : { url }
    },
    async getPresence({ users }) {
      const now = clock.now()
      const found = await afterDroppingDead(() => store.read(users))
      return {
        presence: users.map((user, i) => describePresence(user, found[i] ?? { connections: [] }, now)),
      }
    },
    async listOnline({ limit, cursor }) {
      const leftAfter = clock.now() - OFFLINE_GRACE_MS
      const ids = await afterDroppingDead(() => store.listUsers(cursor ?? '', limit + 1, leftAfter))
      const users = ids.slice(0, limit)
      const last = users.at(-1)
      return { users, ...(ids.length > limit && last !== undefined ? { next: last } : {}) }
    },
    start() {
      stopTelling = tellLosses(bus, clock)
      sweeper.start()
    },
    close() {
      stopTelling()
      sweeper.close()
      presence.close()
    },
  }
}

function createSweeper(clock: Clock, log: Log, sweep: () => Promise<void>) {
  let closed = false
  let failing = false
  let cancelTimer = () => {}

  function start(): void {
    if (closed) return
    cancelTimer = clock.after(SWEEP_INTERVAL_MS, () => {
      sweep()
        .then(() => {
          failing = false
        }, tellOnce)
        .finally(start)
    })
  }

  /** While the store is away every sweep fails; the first says enough. */
  function tellOnce(error: unknown): void {
    if (!failing) log.warn({ error }, 'dead gateways were not looked for')
    failing = true
  }

  return {
    start,
    close() {
      closed = true
      cancelTimer()
    },
  }
}
