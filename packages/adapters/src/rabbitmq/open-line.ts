/** A connection to RabbitMQ that comes back by itself and says once when it goes and once when it is back. */
import { type Log, systemClock } from '@parley/contracts'
import { Connection } from 'rabbitmq-client'
import { within } from '../within.ts'

/** Two missed ones end a connection: a frozen broker is noticed within about seven seconds. */
const HEARTBEAT_S = 3
const CONNECT_WITHIN_MS = 2_000
const ACQUIRE_WITHIN_MS = 1_500
const RETRY_FROM_MS = 500
const RETRY_TO_MS = 3_000
const CLOSE_WITHIN_MS = 2_000

export interface Line {
  readonly connection: Connection
  /** True from the first failure to the next success. */
  readonly away: boolean
  close(): Promise<void>
}

/** `purpose` is shown in RabbitMQ's own list of connections. Never throws for a broker that is away. */
export function openLine(parts: { url: string; purpose: string; log: Log }): Line {
  const { url, purpose, log } = parts
  const connection = new Connection({
    url,
    connectionName: `parley ${purpose}`,
    heartbeat: HEARTBEAT_S,
    connectionTimeout: CONNECT_WITHIN_MS,
    acquireTimeout: ACQUIRE_WITHIN_MS,
    retryLow: RETRY_FROM_MS,
    retryHigh: RETRY_TO_MS,
    noDelay: true,
  })
  let away = false
  connection.on('error', (error: unknown) => {
    if (connection.ready) {
      // Of one channel; whoever uses it is told as well.
      log.debug({ purpose, error: String(error) }, 'RabbitMQ refused something')
      return
    }
    if (!away) log.warn({ purpose, error: String(error) }, 'RabbitMQ is away; work waits')
    away = true
  })
  connection.on('connection', () => {
    if (away) log.info({ purpose }, 'RabbitMQ is back')
    away = false
  })
  connection.on('connection.blocked', (reason: string) => {
    log.warn({ purpose, reason }, 'RabbitMQ takes no items (low on memory or disk); work waits')
  })
  connection.on('connection.unblocked', () => log.info({ purpose }, 'RabbitMQ takes items again'))

  return {
    connection,
    get away() {
      return away
    },
    async close() {
      // A broker that is frozen answers no goodbye.
      await within(systemClock, CLOSE_WITHIN_MS, connection.close()).catch(() => connection.unsafeDestroy())
    },
  }
}
