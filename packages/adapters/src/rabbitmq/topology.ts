/**
 * What Parley keeps in RabbitMQ: fixed, declared at every connection, never bound or unbound while it runs.
 *
 * ```
 * parley.work ──topic──▶ parley.Q ──consumer──▶ done
 *    (direct)               ▲  │ the handler threw
 *                           │  ├─▶ parley.Q.retry.MS ─┐ (nobody listens; what has waited MS goes back)
 *                           └──┼─────────────────────┘
 *                              └─▶ parley.Q.dead       after the last attempt
 * ```
 * All of them are quorum queues: what was confirmed survives the loss of a minority of nodes, and of power. RabbitMQ
 * 3.10 or newer, because quorum queues know no time to live before.
 */
import { type WorkQueueName, type WorkTopic, workTopics } from '@parley/contracts'
import type { Channel } from 'rabbitmq-client'

export const DEFAULT_PREFIX = 'parley.'

/** After the first failure, after the second, …: after the last one the item is dead. 45 minutes in all. */
export const RETRY_DELAYS_MS: readonly number[] = [5_000, 30_000, ...Array.from({ length: 9 }, () => 300_000)]

/**
 * How often an item may end the process, or the connection, that handles it before it counts as dead: such attempts
 * come back without our doing. RabbitMQ 4 has a limit of 20 where none is given, older ones have none.
 */
const CRASHES_MAX = 20
/** `parley queue show` gives every item back, and each time counts as a delivery. */
const LOOKS_MAX = 1_000_000_000

export interface Topology {
  readonly exchange: string
  readonly queues: readonly WorkQueueName[]
  readonly retryDelaysMs: readonly number[]
  work(queue: WorkQueueName): QueueDeclaration
  retry(queue: WorkQueueName, delayMs: number): QueueDeclaration
  dead(queue: WorkQueueName): QueueDeclaration
  /** Idempotent. Fails when a queue of that name exists with other properties. */
  declare(channel: Channel): Promise<void>
}

export interface QueueDeclaration {
  readonly queue: string
  readonly durable: true
  readonly arguments: Record<string, string | number>
}

export function createTopology(prefix: string, retryDelaysMs: readonly number[]): Topology {
  const exchange = `${prefix}work`
  const entries = Object.entries(workTopics) as [WorkTopic, readonly WorkQueueName[]][]
  const queues = [...new Set(entries.flatMap(([, names]) => names))]
  const nameOf = (queue: WorkQueueName) => `${prefix}${queue}`
  const dead = (queue: WorkQueueName) => quorum(`${nameOf(queue)}.dead`, { 'x-delivery-limit': LOOKS_MAX })
  const retry = (queue: WorkQueueName, delayMs: number) =>
    quorum(`${nameOf(queue)}.retry.${delayMs}`, {
      'x-message-ttl': delayMs,
      ...passOn(nameOf(queue)),
    })
  const work = (queue: WorkQueueName) =>
    quorum(nameOf(queue), { 'x-delivery-limit': CRASHES_MAX, ...passOn(`${nameOf(queue)}.dead`) })

  return {
    exchange,
    queues,
    retryDelaysMs,
    work,
    retry,
    dead,
    async declare(channel) {
      await channel.exchangeDeclare({ exchange, type: 'direct', durable: true })
      for (const queue of queues) {
        await channel.queueDeclare(dead(queue))
        await channel.queueDeclare(work(queue))
        for (const delayMs of new Set(retryDelaysMs)) await channel.queueDeclare(retry(queue, delayMs))
      }
      for (const [topic, names] of entries) {
        for (const name of names)
          await channel.queueBind({ exchange, queue: nameOf(name), routingKey: topic })
      }
    },
  }
}

function quorum(queue: string, properties: Record<string, string | number>): QueueDeclaration {
  return { queue, durable: true, arguments: { 'x-queue-type': 'quorum', ...properties } }
}

/** Where RabbitMQ itself moves an item on; it lets go of it only once the next queue has confirmed it. */
function passOn(to: string): Record<string, string> {
  return {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': to,
    'x-dead-letter-strategy': 'at-least-once',
    // Demanded by that strategy.
    'x-overflow': 'reject-publish',
  }
}
