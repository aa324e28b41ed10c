import { type Log, silentLog, systemClock } from '@parley/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../../tests/support/redis-server.ts'
import { startTcpProxy } from '../../../../tests/support/tcp-proxy.ts'
import { createRedis } from './connect-redis.ts'
import { RedisAway, UNANSWERED_COMMANDS_MAX } from './redis-line.ts'

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

async function connect(log: Log = silentLog, url = server.url) {
  const redis = await createRedis({ url, log, clock: systemClock })
  closers.push(() => redis.close())
  return { redis, ping: () => redis.commands.run((client) => client.ping()) }
}

async function throughProxy(log?: Log) {
  const proxy = await startTcpProxy({ port: server.port })
  closers.push(() => proxy.close())
  return { proxy, connected: () => connect(log, proxy.url.replace('http', 'redis')) }
}

function collect() {
  const lines: string[] = []
  const add = (_: object, message: string) => void lines.push(message)
  return { lines, log: { debug() {}, info: add, warn: add, error: add } }
}

describe('the connections to Redis', () => {
  it('answer, and pass on what Redis finds wrong with a command', async () => {
    const { redis, ping } = await connect()
    expect(redis.connected).toBe(true)
    expect(await ping()).toBe('PONG')
    const wrong = redis.commands.run((client) => client.sendCommand(['NOSUCH']))
    await expect(wrong).rejects.toThrow('unknown command')
    expect(await ping()).toBe('PONG')
  })

  it('are refused with a url that is none', async () => {
    const options = { log: silentLog, clock: systemClock }
    await expect(createRedis({ ...options, url: 'http://localhost' })).rejects.toThrow()
    await expect(createRedis({ ...options, url: 'nonsense' })).rejects.toThrow()
  })

  it('fail commands at once while there are none', async () => {
    const { connected, proxy } = await throughProxy()
    const { redis, ping } = await connected()
    proxy.refuse(true)
    const underWay = ping()
    proxy.cut()
    await expect(underWay).rejects.toBeInstanceOf(RedisAway)
    const since = performance.now()
    await expect(ping()).rejects.toBeInstanceOf(RedisAway)
    expect(performance.now() - since).toBeLessThan(50)
    expect(redis.connected).toBe(false)
  })

  it('fail commands after about a second when Redis froze', async () => {
    const { ping } = await connect()
    server.pause()
    const since = performance.now()
    await expect(ping()).rejects.toBeInstanceOf(RedisAway)
    expect(performance.now() - since).toBeGreaterThan(900)
    expect(performance.now() - since).toBeLessThan(1_800)
    server.resume()
    await expect.poll(() => ping().catch(() => ''), { timeout: 5_000 }).toBe('PONG')
  })

  it('are given up when answers stop coming though the line stays open', async () => {
    const { connected, proxy } = await throughProxy()
    const { redis } = await connected()
    proxy.swallow('down')
    const since = performance.now()
    await expect.poll(() => redis.connected, { timeout: 5_000, interval: 20 }).toBe(false)
    expect(performance.now() - since).toBeLessThan(3_000)
    await expect.poll(() => redis.connected, { timeout: 5_000 }).toBe(true)
  })

  it('come when Redis comes, if it was away at the start', async () => {
    const { lines, log } = collect()
    const { connected, proxy } = await throughProxy(log)
    proxy.refuse(true)
    const since = performance.now()
    const { redis } = await connected()
    expect(redis.connected).toBe(false)
    expect(performance.now() - since).toBeLessThan(1_500)
    proxy.refuse(false)
    await expect.poll(() => redis.connected, { timeout: 5_000 }).toBe(true)
    expect(lines).toEqual(['Redis is away', 'Redis is back'])
  })

  it('do not keep a start waiting when Redis is frozen', async () => {
    server.pause()
    const since = performance.now()
    const { redis } = await connect()
    expect(performance.now() - since).toBeLessThan(2_000)
    expect(redis.connected).toBe(false)
    server.resume()
    await expect.poll(() => redis.connected, { timeout: 5_000 }).toBe(true)
  })

  it('are missed in the log once, however long it takes, and once when they are back', async () => {
    const { lines, log } = collect()
    const { connected, proxy } = await throughProxy(log)
    const { redis } = await connected()
    proxy.refuse(true)
    proxy.cut()
    await expect.poll(() => proxy.lineCount).toBe(0)
    await new Promise<void>((resolve) => systemClock.after(1_500, resolve))
    proxy.refuse(false)
    await expect.poll(() => redis.connected, { timeout: 5_000 }).toBe(true)
    expect(lines).toEqual(['Redis is away', 'Redis is back'])
  })

  it('hold a bounded number of unanswered commands', async () => {
    const { redis } = await connect()
    server.pause()
    const all = Array.from({ length: UNANSWERED_COMMANDS_MAX + 1 }, () =>
      redis.commands.run((client) => client.ping()),
    )
    const results = Promise.allSettled(all)
    await expect(all.at(-1)).rejects.toBeInstanceOf(RedisAway)
    expect(redis.commands.connected).toBe(true)
    server.resume()
    expect((await results).filter(({ status }) => status === 'fulfilled')).toHaveLength(
      UNANSWERED_COMMANDS_MAX,
    )
  })

  it('say in the log why there are none', async () => {
    const reasons: unknown[] = []
    const log = { ...silentLog, warn: (fields: object) => void reasons.push(fields) }
    await server.command('CONFIG', 'SET', 'requirepass', 'secret')
    try {
      const wrong = await connect(log, server.url.replace('//', '//:wrong@'))
      expect(wrong.redis.connected).toBe(false)
      const right = await connect(log, server.url.replace('//', '//:secret@'))
      expect(right.redis.connected).toBe(true)
    } finally {
      await server.command('-a', 'secret', 'CONFIG', 'SET', 'requirepass', '')
    }
    expect(reasons).toEqual([{ reason: expect.stringContaining('WRONGPASS') }])
    const { connected, proxy } = await throughProxy(log)
    await proxy.close()
    await connected()
    expect(reasons[1]).toEqual({ reason: expect.stringContaining('ECONNREFUSED') })
  })

  it('leave nothing in Redis when they are closed', async () => {
    const { redis } = await connect()
    const clients = async () => Number(/connected_clients:(\d+)/.exec(await server.command('INFO'))?.[1])
    const before = await clients()
    await redis.close()
    await expect.poll(clients).toBe(before - 2)
    await expect(redis.commands.run((client) => client.ping())).rejects.toBeInstanceOf(RedisAway)
  })
})
