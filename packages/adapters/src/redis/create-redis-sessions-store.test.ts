import { silentLog, systemClock } from '@parley/contracts'
import { describeSessionsStore } from '@parley/contracts/testing/sessions-store-suite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../../tests/support/redis-server.ts'
import { createRedis } from './connect-redis.ts'
import { createRedisSessionsStore } from './create-redis-sessions-store.ts'

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

async function createStore(goneMax?: number) {
  const redis = await createRedis({ url: server.url, log: silentLog, clock: systemClock })
  closers.push(() => redis.close())
  return createRedisSessionsStore(goneMax === undefined ? { redis } : { redis, goneMax })
}

describeSessionsStore('Redis', async (goneMax) => {
  await server.command('FLUSHALL')
  return [await createStore(goneMax), await createStore(goneMax)]
})

const ada = {
  id: 'c1',
  user: 'ada',
  device: 'd',
  gateway: 'g1',
  opened_at: 1,
  state: 'online',
} as const

describe('the sessions store over Redis', () => {
  it('keeps all its keys in one slot of a cluster, and none for ever', async () => {
    await server.command('FLUSHALL')
    const store = await createStore()
    await store.add(ada, 3, 5)
    await store.add({ ...ada, user: 'zoe' }, 3, 5)
    await store.renewGateway('g1', 5, 'http://ws-1.internal:9000')
    await store.look(['ada', 'zoe'], 1)
    await store.remove('ada', 'c1', 2)
    const keys = (await server.command('KEYS', '*')).split('\n')
    expect(keys).toHaveLength(9)
    for (const key of keys) {
      expect(key).toMatch(/^parley:\{sessions\}:/)
      expect(Number(await server.command('PTTL', key))).toBeGreaterThan(0)
    }
  })

  it('leaves nothing behind of those who came and went, but the time they left', async () => {
    await server.command('FLUSHALL')
    const store = await createStore()
    await store.add(ada, 3, 5)
    await store.look(['ada'], 1)
    await store.removeDeadGateways(5)
    await store.look(['ada'], 1_000_000)
    const keys = (await server.command('KEYS', '*')).split('\n').sort()
    expect(keys).toEqual(['parley:{sessions}:gone', 'parley:{sessions}:gone-states'])
  })

  it('works on after Redis was emptied of data and scripts', async () => {
    const store = await createStore()
    await store.renewGateway('g1', 5)
    await server.flush()
    expect(await store.renewGateway('g1', 5)).toBe(false)
    expect(await store.add(ada, 3, 5)).toBe(true)
  })

  it('says `unavailable` at once while Redis is away, and within 2 s when it froze', async () => {
    const store = await createStore()
    const refused = { code: 'unavailable', retryAfterMs: 1_000 }
    server.pause()
    let since = performance.now()
    await expect(store.read(['ada'])).rejects.toMatchObject(refused)
    expect(performance.now() - since).toBeLessThan(2_000)
    since = performance.now()
    await expect(store.add(ada, 3, 5)).rejects.toMatchObject(refused)
    expect(performance.now() - since).toBeLessThan(50)
    server.resume()
    await expect.poll(() => store.read(['ada']).then(() => 'there', String), { timeout: 5_000 }).toBe('there')
  })
})
