import { type Cache, silentLog, systemClock } from '@parley/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../../tests/support/redis-server.ts'
import { createRedis } from './connect-redis.ts'
import { createRedisCache } from './create-redis-cache.ts'

let server: RedisServer
const closers: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())
afterEach(async () => {
  server.resume()
  for (const close of closers.splice(0).reverse()) await close()
})

async function createCache(): Promise<Cache> {
  const redis = await createRedis({ url: server.url, log: silentLog, clock: systemClock })
  closers.push(() => redis.close())
  return createRedisCache({ redis, clock: systemClock })
}

describe('the cache over Redis', () => {
  it('gives every process what one of them set, unchanged', async () => {
    const [one, other] = [await createCache(), await createCache()]
    one.set('k', 'Đà Nẵng 🎉\n\u0000', 60_000)
    await one.get('k')
    expect(await other.get('k')).toBe('Đà Nẵng 🎉\n\u0000')
    expect(await other.get('nothing')).toBeUndefined()
  })

  it('keeps it no longer than it was told', async () => {
    const cache = await createCache()
    cache.set('k', 'x', 2_000.5)
    await cache.get('k')
    const ttlMs = Number(await server.command('PTTL', 'parley:cache:k'))
    expect(ttlMs).toBeGreaterThan(0)
    expect(ttlMs).toBeLessThanOrEqual(2_001)
    cache.set('k', 'x', 1)
    await expect.poll(() => cache.get('k')).toBeUndefined()
  })

  it('is empty when Redis froze, within 250 ms, and while it is away', async () => {
    const cache = await createCache()
    cache.set('k', 'x', 60_000)
    expect(await cache.get('k')).toBe('x')
    server.pause()
    const since = performance.now()
    cache.set('k', 'y', 60_000)
    expect(await cache.get('k')).toBeUndefined()
    expect(performance.now() - since).toBeLessThan(250)
    server.resume()
    await server.kill()
    cache.set('k', 'z', 60_000)
    expect(await cache.get('k')).toBeUndefined()
    await server.restart()
    await expect.poll(() => cache.get('other').then(() => cache.get('k'))).toBeUndefined()
  })
})
