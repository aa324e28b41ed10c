/** The queues of background work as the operator's commands reach them. */
import { type DeadLetters, openDeadLetters } from '@parley/adapters/rabbitmq/open-dead-letters'
import { ParleyError } from '@parley/protocol'
import { PlainError } from '../plain-error.ts'
import type { Settings } from '../settings/table.ts'

export type { DeadLetters } from '@parley/adapters/rabbitmq/open-dead-letters'

/** Throws plain errors where there is no queue to reach. */
export async function withDeadLetters<Result>(
  settings: Settings,
  work: (letters: DeadLetters) => Promise<Result>,
): Promise<Result> {
  if (settings.rabbitmqUrl === undefined) {
    throw new PlainError(
      'PARLEY_RABBITMQ_URL is not set: the embedded topology works its outbox off by itself, there are no dead letters. For a distributed deployment say where its RabbitMQ is.',
    )
  }
  try {
    const letters = await openDeadLetters({ url: settings.rabbitmqUrl })
    try {
      return await work(letters)
    } finally {
      await letters.close()
    }
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== 'unavailable') throw error
    throw new PlainError(
      `RabbitMQ does not answer at ${withoutPassword(settings.rabbitmqUrl)} (${error.message}). Nothing is lost while it is away: start it, or mend PARLEY_RABBITMQ_URL.`,
    )
  }
}

function withoutPassword(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
