/** One consumer: handles, acknowledges, and sends what failed to wait for its next attempt, or to the dead. */
import { type Log, systemClock, type WorkItem, type WorkQueueName } from '@parley/contracts'
import { type AsyncMessage, ConsumerStatus } from 'rabbitmq-client'
import { within } from '../within.ts'
import type { Sender } from './create-sender.ts'
import type { Line } from './open-line.ts'
import { createRefusals } from './tell-refusals.ts'
import type { Topology } from './topology.ts'

/** Failures so far. */
export const ATTEMPTS_HEADER = 'x-parley-attempts'
/** What the last handler threw. */
export const ERROR_HEADER = 'x-parley-error'
const ERROR_MAX_CHARS = 500

const LISTEN_WITHIN_MS = 1_500
/** An item that could be handled neither here nor put aside goes back to its queue, but not at once. */
const GIVE_BACK_AFTER_MS = 1_000

export interface ConsumeParts {
  readonly line: Line
  readonly sender: Sender
  readonly topology: Topology
  readonly log: Log
  readonly onDead: (queue: WorkQueueName) => void
}

/** Resolves as the port's `consume` does. */
export async function consume(
  { line, sender, topology, log, onDead }: ConsumeParts,
  queue: WorkQueueName,
  atOnce: number,
  handler: (item: WorkItem) => Promise<void>,
): Promise<() => Promise<void>> {
  async function handle(message: AsyncMessage): Promise<ConsumerStatus> {
    const { messageId: id } = message
    if (id === undefined || id === '') {
      // Nobody here sent it, and trying again would not make it ours.
      log.error({ queue }, 'something that is no work item put aside as dead')
      return moveOn(message, topology.dead(queue).queue, 0, 'not a work item of Parley: it has no id')
    }
    let problem: string
    try {
      await handler({ id, body: textOf(message) })
      return ConsumerStatus.ACK
    } catch (error) {
      problem = String(error)
    }
    const attempts = attemptsOf(message) + 1
    const delayMs = topology.retryDelaysMs[attempts - 1]
    const to = delayMs === undefined ? topology.dead(queue) : topology.retry(queue, delayMs)
    const facts = { queue, id, attempts, error: problem }
    if (delayMs === undefined) log.error(facts, 'work item put aside as dead; see "parley queue show"')
    else log.warn({ ...facts, again_in_ms: delayMs }, 'work item failed; trying again')
    return moveOn(message, to.queue, attempts, problem)
  }

  /** The copy is confirmed before the item is let go of: it may exist twice, and never not at all. */
  async function moveOn(message: AsyncMessage, to: string, attempts: number, problem: string) {
    try {
      await sender.send([
        {
          envelope: {
            routingKey: to,
            messageId: message.messageId ?? '',
            headers: { [ATTEMPTS_HEADER]: attempts, [ERROR_HEADER]: problem.slice(0, ERROR_MAX_CHARS) },
          },
          body: textOf(message),
        },
      ])
      if (to === topology.dead(queue).queue) onDead(queue)
      return ConsumerStatus.ACK
    } catch {
      await new Promise((resolve) => setTimeout(resolve, GIVE_BACK_AFTER_MS))
      return ConsumerStatus.REQUEUE
    }
  }

  const consumer = line.connection.createConsumer(
    {
      queue: topology.work(queue).queue,
      queueOptions: topology.work(queue),
      qos: { prefetchCount: atOnce },
      concurrency: atOnce,
    },
    handle,
  )
  const refusals = createRefusals(log, `work of ${queue} is not handled here`)
  consumer.on('error', (error: unknown) => {
    refusals.noteFailure(error)
    log.debug({ queue, error: String(error) }, 'consumer interrupted; it comes back by itself')
  })
  consumer.on('ready', refusals.noteSuccess)
  const listening = new Promise<void>((resolve) => consumer.once('ready', resolve))
  await within(systemClock, LISTEN_WITHIN_MS, listening).catch(() => undefined)
  return async () => {
    // Fails only where the connection went meanwhile, and then there is nothing left to end.
    await consumer.close().catch(() => undefined)
  }
}

/** Text arrives as text; what somebody else put here may be anything. */
export function textOf(message: { body: unknown }): string {
  const { body } = message
  if (typeof body === 'string') return body
  return Buffer.isBuffer(body) ? body.toString('utf8') : JSON.stringify(body)
}

export function attemptsOf(message: { headers?: Record<string, unknown> | undefined }): number {
  const attempts = message.headers?.[ATTEMPTS_HEADER]
  return typeof attempts === 'number' && Number.isSafeInteger(attempts) && attempts >= 0 ? attempts : 0
}
