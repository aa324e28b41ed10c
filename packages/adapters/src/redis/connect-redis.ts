/** The connections of one process to Redis: made here, shared by all adapters that keep something there. */
import type { Clock, Log } from '@parley/contracts'
import { createRedisLine, RedisAway, type RedisLine } from './redis-line.ts'

export interface Redis {
  /** Commands, publishing included. What is asked for in one tick travels in one write. */
  readonly commands: RedisLine
  /** Subscriptions only: Redis may close it because we read too slowly, and commands must not suffer from that. */
  readonly subscriber: RedisLine
  /** Both connections work. A frozen one counts as lost after at most 2.5 s. */
  readonly connected: boolean
  close(): Promise<void>
}

export interface RedisOptions {
  /** `redis://[[user]:password@]host[:port][/db]`, or `rediss://`. Throws when it is none. */
  readonly url: string
  readonly log: Log
  readonly clock: Clock
  /** 0 ≤ x < 1; spreads reconnections. */
  readonly random?: () => number
}

/** Resolves after the first attempt, at most a second later, whether Redis is there or not; then it keeps trying. */
export async function createRedis({ url, log, clock, random = Math.random }: RedisOptions): Promise<Redis> {
  const commands = createRedisLine(url, clock, random)
  const subscriber = createRedisLine(url, clock, random)
  const isConnected = () => commands.connected && subscriber.connected
  let away = false
  let closed = false

  /** Once when it goes and once when it is back, whichever connection noticed first. */
  function tellLog(): void {
    if (closed || isConnected() !== away) return
    away = !away
    const { failure } = commands.connected ? subscriber : commands
    if (away) log.warn({ reason: describe(failure) }, 'Redis is away')
    else log.info({}, 'Redis is back')
  }

  await Promise.all([commands.attempted, subscriber.attempted])
  tellLog()
  for (const line of [commands, subscriber]) line.onChange(tellLog)
  return {
    commands,
    subscriber,
    get connected() {
      return isConnected()
    },
    async close() {
      closed = true
      commands.close()
      subscriber.close()
    },
  }
}

function describe(failure: unknown): string {
  const cause = failure instanceof RedisAway ? (failure.cause ?? failure) : failure
  // An address that has several errors has no message of its own.
  const errors = cause instanceof AggregateError ? cause.errors : [cause]
  return errors.map(String).join('; ')
}
