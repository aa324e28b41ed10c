/** Token buckets that all processes of a deployment share. */
import type { Clock, RateLimiter } from '@parley/contracts'
import { within } from '../within.ts'
import type { Redis } from './connect-redis.ts'
import { defineScript, runScript } from './script.ts'

const KEY_PREFIX = 'parley:rate:'
/** A request is not held up longer than this by Redis; then the fallback decides. */
const TAKE_TIMEOUT_MS = 250

/**
 * Takes tokens from a bucket: a hash with `tokens` and `at`, the microsecond they were counted. Reading, refilling and
 * taking are one script, or two takers would both see the last token. Time is Redis' own, as the takers' clocks differ.
 * Answers 0, or the milliseconds until there are enough. The bucket expires at the moment it would be full again, so
 * forgetting it changes nothing.
 */
const takeTokens = defineScript(`
  local burst, per_second, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
  local tokens = tonumber(bucket[1]) or burst
  local elapsed = math.max(0, now - (tonumber(bucket[2]) or now))
  tokens = math.min(burst, tokens + elapsed / 1000000 * per_second)
  local wait = 0
  if tokens >= cost then
    tokens = tokens - cost
  else
    wait = math.ceil((cost - tokens) / per_second * 1000)
  end
  redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.max(1, math.ceil((burst - tokens) / per_second * 1000)))
  return wait
`)

/** `fallback` answers while Redis is away or slow: it counts for this process alone, which is better than refusing. */
export function createRedisRateLimiter(options: {
  redis: Redis
  clock: Clock
  fallback: RateLimiter
}): RateLimiter {
  const { redis, clock, fallback } = options
  return {
    async take(rule, key, cost = 1) {
      if (!redis.commands.connected) return fallback.take(rule, key, cost)
      const args = [`${rule.burst}`, `${rule.perSecond}`, `${cost}`]
      const taken = runScript(redis.commands, takeTokens, [`${KEY_PREFIX}${rule.name}:${key}`], args)
      const waitMs = await within(clock, TAKE_TIMEOUT_MS, taken).catch(() => undefined)
      return typeof waitMs === 'number' ? waitMs : fallback.take(rule, key, cost)
    },
  }
}
