import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { createRedis, type Redis } from '@parley/adapters/redis/connect-redis'
import { createRedisBus } from '@parley/adapters/redis/create-redis-bus'
import { type Bus, silentLog, systemClock } from '@parley/contracts'
import { percentile } from '../lib/statistics.ts'

/**
 * The bare bus: Parley's own adapter between two threads, each with its own connections to Redis, and nothing else.
 * One publishes, the other answers on a second topic; a hop is half of the way there and back.
 *
 * Arguments: the URL of Redis, seconds measured, characters of a message. Sends one `BusResult` and ends.
 */

export interface BusResult {
  hops: number
  hopMs: { p50: number; p95: number; p99: number }
}

const PAUSE_MS = 5
const WARMUP_TRIPS = 50
const TIMEOUT_MS = 5_000
const THERE = 'bench:there'
const BACK = 'bench:back'

async function openBus(url: string): Promise<{ bus: Bus; redis: Redis }> {
  const redis = await createRedis({ url, log: silentLog, clock: systemClock })
  if (!redis.connected) throw new Error('Redis is not reached')
  return { bus: createRedisBus({ redis, log: silentLog }), redis }
}

async function ping(url: string, seconds: number, characters: number): Promise<BusResult> {
  const { bus, redis } = await openBus(url)
  const echo = new Worker(new URL(import.meta.url), { workerData: { url } })
  await new Promise((resolve, reject) => {
    echo.once('message', resolve)
    echo.once('error', reject)
  })
  let back = (): void => {}
  await bus.subscribe(BACK, () => back())
  const message = 'x'.repeat(characters)
  const hopMs: number[] = []
  const until = performance.now() + seconds * 1000
  for (let trip = 0; performance.now() < until; trip++) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    back = resolve
    const late = setTimeout(() => reject(new Error('a bus message did not arrive')), TIMEOUT_MS)
    const sentAt = performance.now()
    bus.publish(THERE, message)
    await promise
    if (trip >= WARMUP_TRIPS) hopMs.push((performance.now() - sentAt) / 2)
    clearTimeout(late)
    await new Promise((done) => setTimeout(done, PAUSE_MS))
  }
  await echo.terminate()
  await bus.close()
  await redis.close()
  const [p50, p95, p99] = [50, 95, 99].map((rank) => percentile(hopMs, rank)) as [number, number, number]
  return { hops: hopMs.length * 2, hopMs: { p50, p95, p99 } }
}

async function answer(url: string): Promise<void> {
  const { bus } = await openBus(url)
  const { parentPort } = await import('node:worker_threads')
  await bus.subscribe(THERE, (message) => bus.publish(BACK, message))
  parentPort?.postMessage('ready')
}

if (isMainThread) {
  const [url = '', seconds, characters] = process.argv.slice(2)
  process.send?.(await ping(url, Number(seconds), Number(characters)))
  process.disconnect?.()
} else {
  await answer((workerData as { url: string }).url)
}
