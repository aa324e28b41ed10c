/** The queues as an operator sees them: how much waits, what is dead, and back to work with it. */
import { silentLog, type WorkQueueName } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { Channel, SyncMessage } from 'rabbitmq-client'
import { ATTEMPTS_HEADER, attemptsOf, ERROR_HEADER, textOf } from './consume.ts'
import { createSender } from './create-sender.ts'
import { openLine } from './open-line.ts'
import { createTopology, DEFAULT_PREFIX, RETRY_DELAYS_MS } from './topology.ts'

const CONNECT_WITHIN_MS = 3_000

export interface QueueFigures {
  readonly queue: WorkQueueName
  /** Items that wait to be handed over; those that are being handled are not among them. */
  readonly ready: number
  /** Items that failed and wait for their next attempt. */
  readonly retrying: number
  readonly dead: number
  /** Processes that work on it now. */
  readonly consumers: number
}

export interface DeadItem {
  readonly queue: WorkQueueName
  readonly id: string
  /** Handlers that have thrown; 0 for an item whose consumers ended instead. */
  readonly attempts: number
  readonly error: string
  readonly body: string
}

export interface DeadLetters {
  list(): Promise<QueueFigures[]>
  /** Up to `limit` dead items of each queue, oldest first; they stay where they are. */
  show(limit: number): Promise<DeadItem[]>
  /** Puts what is dead now back on its queue, as if it had never failed; how many. All queues by default. */
  replay(queue?: WorkQueueName): Promise<number>
  close(): Promise<void>
}

export interface DeadLettersOptions {
  readonly url: string
  readonly prefix?: string
  readonly retryDelaysMs?: readonly number[]
}

/** Throws `unavailable` with RabbitMQ's reason when it cannot be reached within three seconds. */
export async function openDeadLetters(options: DeadLettersOptions): Promise<DeadLetters> {
  const topology = createTopology(options.prefix ?? DEFAULT_PREFIX, options.retryDelaysMs ?? RETRY_DELAYS_MS)
  const line = openLine({ url: options.url, purpose: 'operator', log: silentLog })
  const reason = new Promise<never>((_, reject) => line.connection.once('error', reject))
  try {
    await Promise.race([line.connection.onConnect(CONNECT_WITHIN_MS, true), reason])
    await withChannel((channel) => topology.declare(channel))
  } catch (error) {
    await line.close()
    throw new ParleyError('unavailable', { message: messageOf(error), cause: error })
  }
  reason.catch(() => undefined)
  const sender = createSender(line, topology, silentLog)

  /** A channel for the moment: what was looked at goes back when it closes. */
  async function withChannel<Result>(work: (channel: Channel) => Promise<Result>): Promise<Result> {
    const channel = await line.connection.acquire({ emitErrorsFromChannel: true })
    channel.on('error', () => undefined)
    try {
      return await work(channel)
    } finally {
      await channel.close()
    }
  }

  async function figuresOf(channel: Channel, queue: WorkQueueName): Promise<QueueFigures> {
    const count = (name: string) => channel.queueDeclare({ queue: name, passive: true })
    const work = await count(topology.work(queue).queue)
    const dead = await count(topology.dead(queue).queue)
    let retrying = 0
    for (const delayMs of new Set(topology.retryDelaysMs)) {
      retrying += (await count(topology.retry(queue, delayMs).queue)).messageCount
    }
    return {
      queue,
      ready: work.messageCount,
      retrying,
      dead: dead.messageCount,
      consumers: work.consumerCount,
    }
  }

  /** The copy is confirmed before the dead item is removed. */
  async function replayOne(channel: Channel, queue: WorkQueueName): Promise<boolean> {
    const message = await channel.basicGet({ queue: topology.dead(queue).queue })
    if (message === undefined) return false
    const envelope = { routingKey: topology.work(queue).queue, messageId: message.messageId ?? '' }
    await sender.send([{ envelope, body: textOf(message) }])
    channel.basicAck({ deliveryTag: message.deliveryTag })
    return true
  }

  return {
    list: () =>
      withChannel(async (channel) => {
        const all: QueueFigures[] = []
        for (const queue of topology.queues) all.push(await figuresOf(channel, queue))
        return all
      }),
    show: (limit) =>
      withChannel(async (channel) => {
        const items: DeadItem[] = []
        for (const queue of topology.queues) {
          for (let n = 0; n < limit; n++) {
            const message = await channel.basicGet({ queue: topology.dead(queue).queue })
            if (message === undefined) break
            items.push(toDeadItem(queue, message))
          }
        }
        return items
      }),
    replay: (only) =>
      withChannel(async (channel) => {
        let replayed = 0
        for (const queue of topology.queues) {
          if (only !== undefined && queue !== only) continue
          // What dies again meanwhile is left for the next time.
          let left = (await channel.queueDeclare({ queue: topology.dead(queue).queue, passive: true }))
            .messageCount
          while (left-- > 0 && (await replayOne(channel, queue))) replayed++
        }
        return replayed
      }),
    async close() {
      await sender.close()
      await line.close()
    },
  }
}

function toDeadItem(queue: WorkQueueName, message: SyncMessage): DeadItem {
  const error: unknown = message.headers?.[ERROR_HEADER]
  const counted = message.headers?.[ATTEMPTS_HEADER] !== undefined
  return {
    queue,
    id: message.messageId ?? '',
    attempts: attemptsOf(message),
    error: counted ? String(error ?? '') : 'its consumers ended or lost their connection each time',
    body: textOf(message),
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
