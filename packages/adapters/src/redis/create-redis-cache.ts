/** The cache that all processes of a deployment share. */
import type { Cache, Clock } from '@parley/contracts'
import { within } from '../within.ts'
import type { Redis } from './connect-redis.ts'

const KEY_PREFIX = 'parley:cache:'
/** Reading the truth takes less than waiting longer than this. */
const GET_TIMEOUT_MS = 100

export function createRedisCache({ redis, clock }: { redis: Redis; clock: Clock }): Cache {
  const { commands } = redis
  return {
    async get(key) {
      if (!commands.connected) return undefined
      const read = commands.run((client) => client.get(KEY_PREFIX + key))
      return (await within(clock, GET_TIMEOUT_MS, read).catch(() => undefined)) ?? undefined
    },
    set(key, value, ttlMs) {
      if (!commands.connected) return
      const expiration = { type: 'PX' as const, value: Math.max(1, Math.ceil(ttlMs)) }
      commands.run((client) => client.set(KEY_PREFIX + key, value, { expiration })).catch(() => {})
    },
  }
}
