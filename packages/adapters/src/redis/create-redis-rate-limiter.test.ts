import { type RateLimiter, silentLog, systemClock } from '@parley/contracts'
import { describeRateLimiter } from '@parley/contracts/testing/rate-limiter-suite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../../tests/support/redis-server.ts'
import { createMemoryRateLimiter } from '../embedded/memory-rate-limiter.ts'
import { createRedis } from './connect-redis.ts'
import { createRedisRateLimiter } from './create-redis-rate-limiter.ts'

let server: RedisServer
const closers: (() => Promise<unknown>)[] = []
const rule = { name: 'test', burst: 3, perSecond: 2 }
/** A limiter that must not be asked. */
const noFallback: RateLimiter = {
  take() {
    throw new Error('the fallback was asked')
  },
}

beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())
afterEach(async () => {
  server.resume()
  for (const close of closers.splice(0).reverse()) await close()
})

async function createLimiter(fallback = noFallback, url = server.url): Promise<RateLimiter> {
  const redis = await createRedis({ url, log: silentLog, clock: systemClock })
  closers.push(() => redis.close())
  return createRedisRateLimiter({ redis, clock: systemClock, fallback })
}

/** Redis' clock is its own: as if time had passed, every bucket was counted, and ends, so much earlier. */
const AGE_BUCKETS = `
  for _, key in ipairs(redis.call('KEYS', 'parley:rate:*')) do
    redis.call('HINCRBY', key, 'at', -ARGV[1] * 1000)
    redis.call('PEXPIRE', key, redis.call('PTTL', key) - ARGV[1])
  end`

describeRateLimiter('Redis', async () => {
  await server.flush()
  const limiter = await createLimiter()
  return { limiter, advance: async (ms) => void (await server.command('EVAL', AGE_BUCKETS, '0', `${ms}`)) }
})

describe('the rate limiter over Redis', () => {
  it('never gives the last token to two processes', async () => {
    await server.flush()
    const limiters = [await createLimiter(), await createLimiter()]
    const slow = { ...rule, perSecond: 0.01 }
    const waits = await Promise.all(Array.from({ length: 20 }, (_, n) => limiters[n % 2]?.take(slow, 'k')))
    expect(waits.filter((wait) => wait === 0)).toHaveLength(3)
  })

  it('forgets a bucket at the moment it would be full', async () => {
    await server.flush()
    const limiter = await createLimiter()
    await limiter.take(rule, 'k', 2)
    const ttlMs = Number(await server.command('PTTL', 'parley:rate:test:k'))
    expect(ttlMs).toBeGreaterThan(0)
    expect(ttlMs).toBeLessThanOrEqual(1_000)
  })

  it('counts by itself while Redis is away, and with the others again when it is back', async () => {
    await server.flush()
    const fallback = createMemoryRateLimiter({ ...systemClock, now: () => 0 })
    const limiter = await createLimiter(fallback)
    await server.kill()
    const take = () => limiter.take(rule, 'k')
    const waits = [await take(), await take(), await take(), await take()]
    expect(waits).toEqual([0, 0, 0, 500])
    await server.restart()
    await expect.poll(take, { timeout: 5_000 }).toBe(0)
  })

  it('keeps nobody waiting longer than half a second when Redis froze', async () => {
    const limiter = await createLimiter({ take: async () => 7 })
    server.pause()
    const since = performance.now()
    expect(await limiter.take(rule, 'k')).toBe(7)
    expect(performance.now() - since).toBeLessThan(500)
  })
})
