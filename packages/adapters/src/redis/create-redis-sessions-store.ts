/** The sessions store that all replicas of the service share. */
import {
  GONE_USERS_MAX,
  type LiveConnection,
  LOOK_AFTER_MS,
  LOOKS_MAX_PER_SWEEP,
  type Look,
  OFFLINE_GRACE_MS,
  type SessionsStore,
  type UserSessions,
} from '@parley/contracts'
import { ParleyError, type PresenceState } from '@parley/protocol'
import type { Redis } from './connect-redis.ts'
import { RedisAway } from './redis-line.ts'
import { prepareScripts, runScript, type Script } from './script.ts'
import * as scripts from './sessions-scripts.ts'

/** Connections of dead gateways a script removes at once: Redis does nothing else meanwhile, some 10 ms. */
const REMOVED_MAX_PER_SCRIPT = 1_000
const USERS_MAX_PER_SCRIPT = 1_000
const RETRY_AFTER_MS = 1_000

export interface RedisSessionsStoreOptions {
  readonly redis: Redis
  readonly goneMax?: number
}

export function createRedisSessionsStore(options: RedisSessionsStoreOptions): SessionsStore {
  const { redis, goneMax = GONE_USERS_MAX } = options
  prepareScripts(
    redis.commands,
    Object.values(scripts).filter((one) => 'sha1' in one),
  )

  async function run(script: Script, ...args: (string | number)[]): Promise<unknown> {
    try {
      return await runScript(
        redis.commands,
        script,
        scripts.sessionsKeys,
        args.map((arg) => `${arg}`),
      )
    } catch (cause) {
      if (!(cause instanceof RedisAway)) throw cause
      throw new ParleyError('unavailable', { retryAfterMs: RETRY_AFTER_MS, cause })
    }
  }

  /** Asked in portions, all under way at once. */
  async function inPortions<Result>(
    users: readonly string[],
    ask: (portion: readonly string[]) => Promise<Result[]>,
  ): Promise<Result[]> {
    const portions: Promise<Result[]>[] = []
    for (let at = 0; at < users.length; at += USERS_MAX_PER_SCRIPT) {
      portions.push(ask(users.slice(at, at + USERS_MAX_PER_SCRIPT)))
    }
    return (await Promise.all(portions)).flat()
  }

  return {
    async add(connection, max, leaseUntil) {
      const { user, id, gateway, opened_at } = connection
      const lookAt = opened_at + LOOK_AFTER_MS
      const json = JSON.stringify(connection)
      return (await run(scripts.addConnection, user, id, gateway, json, max, leaseUntil, lookAt)) === 1
    },
    async setState(user, id, state, at) {
      return (await run(scripts.setConnectionState, user, id, state, at + LOOK_AFTER_MS)) === 1
    },
    async remove(user, id, at) {
      return (await run(scripts.removeConnection, user, id, at, at + LOOK_AFTER_MS, goneMax)) === 1
    },
    read: (users) =>
      inPortions(users, async (some) => {
        const found = (await run(scripts.readUsers, ...some)) as string[]
        return triples(found).map(([connections = '', left = '', state = '']) =>
          readUser(connections, left, state),
        )
      }),
    async listUsers(after, limit, leftAfter) {
      return (await run(scripts.listUsers, after, limit, leftAfter)) as string[]
    },
    async renewGateway(gateway, leaseUntil, url = '') {
      return (await run(scripts.renewGateway, gateway, leaseUntil, url)) === 1
    },
    async findGateway(gateway) {
      const url = (await run(scripts.findGateway, gateway)) as string
      return url === '' ? undefined : url
    },
    async removeDeadGateways(now) {
      const users = new Set<string>()
      const bounds = [goneMax, REMOVED_MAX_PER_SCRIPT, LOOKS_MAX_PER_SWEEP]
      for (let more = 1; more === 1; ) {
        const answer = await run(scripts.removeDeadGateways, now, now + LOOK_AFTER_MS, ...bounds)
        const [rest, concerned, due] = answer as [number, string[], string[]]
        for (const user of [...concerned, ...due]) users.add(user)
        more = rest
      }
      return [...users]
    },
    look: (users, now) =>
      inPortions(users, async (some) => {
        const found = (await run(scripts.lookAtUsers, now, OFFLINE_GRACE_MS, ...some)) as string[]
        return triples(found).map(([state = '', left = '', changed = ''], i) =>
          readLook(some[i] ?? '', state as PresenceState, left, changed === '1'),
        )
      }),
  }
}

/** Answers are flat lists of what belongs together. */
function triples(flat: readonly string[]): string[][] {
  const rows: string[][] = []
  for (let at = 0; at < flat.length; at += 3) rows.push(flat.slice(at, at + 3))
  return rows
}

function readUser(connections: string, left: string, state: string): UserSessions {
  if (connections !== '') return { connections: JSON.parse(connections) as LiveConnection[] }
  if (left === '') return { connections: [] }
  return { connections: [], left: { at: Number(left), state: state as PresenceState } }
}

function readLook(user: string, state: PresenceState, left: string, changed: boolean): Look {
  if (left === '') return { presence: { user, state }, changed }
  const at = Number(left)
  if (state === 'offline') return { presence: { user, state, last_seen_at: at }, changed }
  return { presence: { user, state }, changed, againAt: at + OFFLINE_GRACE_MS }
}
