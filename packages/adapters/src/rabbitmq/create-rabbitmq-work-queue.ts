/**
 * Durable work over RabbitMQ. While it is away `publish` throws at once, and consumers come back by themselves.
 * Two connections, because a broker that is low on memory or disk reads nothing more from those that publish, and
 * acknowledgements, which free both, must get through.
 */
import type { Log, WorkItem, WorkQueue, WorkQueueName } from '@parley/contracts'
import { consume } from './consume.ts'
import { createSender } from './create-sender.ts'
import { type Line, openLine } from './open-line.ts'
import { createTopology, DEFAULT_PREFIX, RETRY_DELAYS_MS } from './topology.ts'

export interface RabbitMqOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps:`. */
  readonly url: string
  readonly log: Log
  /** Before the names of exchange and queues; deployments that share a vhost differ in it. */
  readonly prefix?: string
  /** How long after each failure the item is tried again; after one failure more it is dead. */
  readonly retryDelaysMs?: readonly number[]
  /** Told of each item that a consumer here puts aside as dead. */
  readonly onDead?: (queue: WorkQueueName) => void
}

/** Connects in the background. */
export function createRabbitMqWorkQueue(options: RabbitMqOptions): WorkQueue {
  const { url, log, onDead = () => {} } = options
  const topology = createTopology(options.prefix ?? DEFAULT_PREFIX, options.retryDelaysMs ?? RETRY_DELAYS_MS)
  const sending = openLine({ url, purpose: 'publisher', log })
  const sender = createSender(sending, topology, log)
  let receiving: Line | undefined
  const consumers = new Set<() => Promise<void>>()

  return {
    async publish(topic, items) {
      await sender.send(
        items.map((item: WorkItem) => ({
          envelope: { exchange: topology.exchange, routingKey: topic, messageId: item.id },
          body: item.body,
        })),
      )
    },
    async consume(queue, atOnce, handler) {
      receiving ??= openLine({ url, purpose: 'consumer', log })
      const end = await consume({ line: receiving, sender, topology, log, onDead }, queue, atOnce, handler)
      const once = async () => {
        consumers.delete(once)
        await end()
      }
      consumers.add(once)
      return once
    },
    async close() {
      await Promise.all([...consumers].map((end) => end()))
      await sender.close()
      await Promise.all([sending.close(), receiving?.close()])
    },
  }
}
