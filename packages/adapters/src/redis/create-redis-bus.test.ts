import { type Bus, silentLog, systemClock } from '@parley/contracts'
import { describeBus } from '@parley/contracts/testing/bus-suite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../../tests/support/redis-server.ts'
import { startTcpProxy, type TcpProxy } from '../../../../tests/support/tcp-proxy.ts'
import { createRedis, type Redis } from './connect-redis.ts'
import { createRedisBus } from './create-redis-bus.ts'

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

async function connect(url = server.url): Promise<Bus & { redis: Redis }> {
  const redis = await createRedis({ url, log: silentLog, clock: systemClock })
  const bus = createRedisBus({ redis, log: silentLog })
  closers.push(() => redis.close())
  closers.push(() => bus.close())
  return Object.assign(bus, { redis })
}

async function throughProxy(): Promise<{ bus: Bus; proxy: TcpProxy }> {
  const proxy = await startTcpProxy({ port: server.port })
  closers.push(() => proxy.close())
  return { bus: await connect(proxy.url.replace('http', 'redis')), proxy }
}

const back = (bus: Bus) =>
  new Promise<void>((resolve) => {
    const end = bus.onReconnect(() => {
      end()
      resolve()
    })
  })

/** Subscribes and answers how to await the next message. */
async function listen(bus: Bus, topic: string) {
  const received: string[] = []
  let wake = () => {}
  const end = await bus.subscribe(topic, (message) => {
    received.push(message)
    wake()
  })
  const count = async (wanted: number) => {
    while (received.length < wanted) await new Promise<void>((resolve) => (wake = resolve))
    return received
  }
  return { received, count, end }
}

const channels = async () => (await server.command('PUBSUB', 'CHANNELS')).split('\n').filter(Boolean)

describeBus('Redis', () => connect())

describe('the bus over Redis', () => {
  it('carries messages from one process to another, and halves of surrogate pairs unchanged', async () => {
    const [sender, receiver] = [await connect(), await connect()]
    const { count } = await listen(receiver, 'a')
    const texts = ['\ud83c', '\udf89', 'L5\n', 'J[]', '1,2\n3']
    for (const text of texts) sender.publish('a', text)
    expect(await count(texts.length)).toEqual(texts)
  })

  it('sends what one tick publishes on one topic as one message', async () => {
    const bus = await connect()
    const { count } = await listen(bus, 'a')
    await server.command('CONFIG', 'RESETSTAT')
    for (let n = 0; n < 1_000; n++) bus.publish('a', `${n}`)
    await count(1_000)
    expect(await server.command('INFO', 'commandstats')).toMatch(/cmdstat_publish:calls=1,/)
  })

  it('splits what would be too long for one message', async () => {
    const bus = await connect()
    const { count } = await listen(bus, 'a')
    const texts = Array.from({ length: 20 }, (_, n) => `${n}`.repeat(100_000))
    for (const text of texts) bus.publish('a', text)
    expect(await count(20)).toEqual(texts)
  })

  it('is subscribed in Redis only while somebody here is interested', async () => {
    const bus = await connect()
    const [first, second] = [await listen(bus, 'a'), await listen(bus, 'a')]
    expect(await channels()).toEqual(['parley:a'])
    first.end()
    await bus.subscribe('settled', () => {})
    expect((await channels()).sort()).toEqual(['parley:a', 'parley:settled'])
    second.end()
    await bus.subscribe('settled too', () => {})
    expect((await channels()).sort()).toEqual(['parley:settled', 'parley:settled too'])
  })

  it('keeps the last word when interest in one topic comes and goes in one breath', async () => {
    const bus = await connect()
    for (let round = 0; round < 50; round++) {
      const end = await bus.subscribe('a', () => {})
      end()
      const coming = bus.subscribe('a', () => {})
      if (round % 2 === 0) await bus.subscribe('b', () => {})
      ;(await coming)()
      const { count, end: stop } = await listen(bus, 'a')
      bus.publish('a', `${round}`)
      expect(await count(1)).toEqual([`${round}`])
      stop()
    }
  })

  it('ends subscribed to what is wanted, however interests come and go while Redis is asked', async () => {
    const { bus, proxy } = await throughProxy()
    proxy.delay(() => 2)
    const topics = ['a', 'b', 'c', 'd']
    const wanted = new Map<string, Promise<() => void>>()
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    for (let step = 0; step < 1_000; step++) {
      const topic = topics[random(topics.length)] ?? ''
      const interest = wanted.get(topic)
      if (interest === undefined)
        wanted.set(
          topic,
          bus.subscribe(topic, () => {}),
        )
      else if (wanted.delete(topic)) (await interest)()
      if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    for (const topic of ['a', 'b']) if (!wanted.has(topic)) await bus.subscribe(topic, () => {})
    for (const topic of ['c', 'd']) (await wanted.get(topic))?.()
    await bus.subscribe('settled', () => {})
    expect((await channels()).sort()).toEqual(['parley:a', 'parley:b', 'parley:settled'])
    const heard = await Promise.all(['a', 'b'].map((topic) => listen(bus, topic)))
    for (const topic of ['a', 'b']) bus.publish(topic, topic)
    expect(await Promise.all(heard.map(({ count }) => count(1)))).toEqual([['a'], ['b']])
  })

  it('takes 10,000 topics coming and going', async () => {
    const bus = await connect()
    const topics = Array.from({ length: 10_000 }, (_, n) => `room-${n}`)
    let received = 0
    let all = () => {}
    const done = new Promise<void>((resolve) => {
      all = resolve
    })
    const ends = await Promise.all(
      topics.map((topic) => bus.subscribe(topic, () => ++received === topics.length && all())),
    )
    for (const topic of topics) bus.publish(topic, 'x')
    await done
    for (const end of ends) end()
    await bus.subscribe('settled', () => {})
    expect(await channels()).toEqual(['parley:settled'])
    expect(bus.connected).toBe(true)
  })

  it('keeps receiving when a handler throws', async () => {
    const bus = await connect()
    await bus.subscribe('a', () => {
      throw new Error('a handler’s mistake')
    })
    const { count } = await listen(bus, 'a')
    bus.publish('a', '1')
    await count(1)
    bus.publish('a', '2')
    expect(await count(2)).toEqual(['1', '2'])
  })
})

describe('the bus over Redis, when the line is cut', () => {
  it('has all topics again before it says that it is back', async () => {
    const { bus, proxy } = await throughProxy()
    const { count } = await listen(bus, 'a')
    const [other] = [await connect()]
    const returned = back(bus).then(() => other.publish('a', 'after'))
    proxy.cut()
    await returned
    expect(bus.connected).toBe(true)
    expect(await count(1)).toEqual(['after'])
  })

  it('says so while it is away, drops what is published and never throws', async () => {
    const { bus, proxy } = await throughProxy()
    const { received, count } = await listen(bus, 'a')
    proxy.refuse(true)
    const returned = back(bus)
    proxy.cut()
    await expect.poll(() => bus.connected).toBe(false)
    bus.publish('a', 'lost')
    const late = await listen(bus, 'late')
    proxy.refuse(false)
    await returned
    bus.publish('late', 'found')
    bus.publish('a', 'found')
    expect(await late.count(1)).toEqual(['found'])
    await count(1)
    expect(received).toEqual(['found'])
  })

  it('never leaves a subscriber waiting', async () => {
    const { bus, proxy } = await throughProxy()
    proxy.swallow('down')
    const pending = Promise.all(['a', 'b', 'c'].map((topic) => bus.subscribe(topic, () => {})))
    proxy.cut()
    await pending
  })

  it('can be made while Redis is away, and says that it is there when it is', async () => {
    const proxy = await startTcpProxy({ port: server.port })
    closers.push(() => proxy.close())
    proxy.refuse(true)
    const bus = await connect(proxy.url.replace('http', 'redis'))
    expect(bus.connected).toBe(false)
    const { count } = await listen(bus, 'a')
    const returned = back(bus)
    proxy.refuse(false)
    await returned
    bus.publish('a', 'x')
    expect(await count(1)).toEqual(['x'])
  })
})

describe('the bus over Redis, when Redis', () => {
  it('freezes, notices within 3 s, keeps nobody waiting, and is whole after it', async () => {
    const bus = await connect()
    const { count } = await listen(bus, 'a')
    server.pause()
    const since = performance.now()
    bus.publish('a', 'perhaps')
    await bus.subscribe('b', () => {})
    expect(bus.connected).toBe(false)
    expect(performance.now() - since).toBeLessThan(3_000)
    const returned = back(bus)
    server.resume()
    await returned
    bus.publish('a', 'after')
    expect((await count(1)).at(-1)).toBe('after')
  })

  it('freezes while nothing happens, notices within 3 s', async () => {
    const bus = await connect()
    server.pause()
    const since = performance.now()
    await expect.poll(() => bus.connected, { timeout: 5_000, interval: 20 }).toBe(false)
    expect(performance.now() - since).toBeLessThan(3_000)
  })

  it('is killed and started again, has all topics again', async () => {
    const bus = await connect()
    const heard = await Promise.all(['a', 'b', 'c'].map((topic) => listen(bus, topic)))
    const returned = back(bus)
    await server.kill()
    await server.restart()
    await returned
    for (const topic of ['a', 'b', 'c']) bus.publish(topic, topic)
    expect(await Promise.all(heard.map(({ count }) => count(1)))).toEqual([['a'], ['b'], ['c']])
  })

  it('is emptied, goes on as if nothing had been', async () => {
    const bus = await connect()
    const { count } = await listen(bus, 'a')
    await server.flush()
    bus.publish('a', 'x')
    expect(await count(1)).toEqual(['x'])
  })
})
