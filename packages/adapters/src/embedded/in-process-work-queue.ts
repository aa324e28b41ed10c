/**
 * The queue of one process. It holds nothing: `publish` resolves when every consumer has handled the items, so what
 * is durable is the outbox row that its caller removes afterwards, and trying again is its caller's too.
 */
import type { Log, WorkItem, WorkQueue, WorkQueueName } from '@parley/contracts'
import { workTopics } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

/** An item that fails this often is given up with an error in the log, so that it does not hold up all others. */
const ATTEMPTS_MAX = 10
/** Failing items remembered; beyond it the oldest begins again. */
const FAILING_MAX_ITEMS = 1_000

interface Consumer {
  readonly atOnce: number
  readonly handler: (item: WorkItem) => Promise<void>
  readonly running: Set<Promise<void>>
  readonly waiting: (() => void)[]
  ended: boolean
}

/** `onDead` is told of each item that is given up. */
export function createInProcessWorkQueue(
  log: Log,
  onDead: (queue: WorkQueueName) => void = () => {},
): WorkQueue {
  const consumers = new Map<WorkQueueName, Consumer[]>()
  const failures = new Map<string, number>()
  /** Whose turn it is, of the consumers of each queue. */
  const turns = new Map<WorkQueueName, number>()

  /** Notes the failure; throws it on unless the item is given up. */
  function fail(queue: WorkQueueName, item: WorkItem, error: unknown): void {
    // What it needs is away: that says nothing about the item.
    if (error instanceof ParleyError && error.code === 'unavailable') throw error
    const key = `${queue} ${item.id}`
    const attempts = (failures.get(key) ?? 0) + 1
    failures.delete(key)
    if (attempts >= ATTEMPTS_MAX) {
      log.error({ queue, id: item.id, attempts, body: item.body, error: String(error) }, 'work item given up')
      onDead(queue)
      return
    }
    failures.set(key, attempts)
    const oldest = failures.keys().next().value
    if (failures.size > FAILING_MAX_ITEMS && oldest !== undefined) failures.delete(oldest)
    throw error
  }

  async function hand(queue: WorkQueueName, item: WorkItem): Promise<void> {
    const listening = consumers.get(queue) ?? []
    const turn = (turns.get(queue) ?? -1) + 1
    turns.set(queue, turn % Math.max(1, listening.length))
    const consumer = listening[turn % Math.max(1, listening.length)]
    if (consumer === undefined) throw nobody(queue)
    while (!consumer.ended && consumer.running.size >= consumer.atOnce) {
      await new Promise<void>((resolve) => consumer.waiting.push(resolve))
    }
    if (consumer.ended) throw nobody(queue)
    const work = Promise.try(consumer.handler, { id: item.id, body: item.body })
    consumer.running.add(work)
    try {
      await work
      failures.delete(`${queue} ${item.id}`)
    } catch (error) {
      fail(queue, item, error)
    } finally {
      consumer.running.delete(work)
      consumer.waiting.shift()?.()
    }
  }

  return {
    async publish(topic, items) {
      const queues: readonly WorkQueueName[] = workTopics[topic]
      const results = await Promise.allSettled(
        queues.flatMap((queue) => items.map((item) => hand(queue, item))),
      )
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
    async consume(queue, atOnce, handler) {
      const consumer: Consumer = { atOnce, handler, running: new Set(), waiting: [], ended: false }
      consumers.set(queue, [...(consumers.get(queue) ?? []), consumer])
      return async () => {
        consumers.set(
          queue,
          (consumers.get(queue) ?? []).filter((other) => other !== consumer),
        )
        await finish(consumer)
      }
    },
    async close() {
      const all = [...consumers.values()].flat()
      consumers.clear()
      await Promise.all(all.map(finish))
    },
  }
}

/** What runs may end; what waits for a place is left to whoever published it. */
async function finish(consumer: Consumer): Promise<void> {
  consumer.ended = true
  for (const wake of consumer.waiting.splice(0)) wake()
  await Promise.allSettled(consumer.running)
}

function nobody(queue: WorkQueueName): ParleyError {
  return new ParleyError('unavailable', { message: `nobody works on ${queue}` })
}
