/** What RabbitMQ refuses (missing rights, a queue that exists with other properties): one line an outage, with its own reason. */
import type { Log } from '@parley/contracts'
import { AMQPError } from 'rabbitmq-client'

export interface Refusals {
  /** After a failure of any kind; only the first refusal is told, until `noteSuccess`. */
  noteFailure(error: unknown): void
  noteSuccess(): void
}

/** Replies by which RabbitMQ says that a person has to change something. */
const REFUSALS: Readonly<Record<string, string>> = {
  ACCESS_REFUSED: 'give its user the right to configure, write and read what it names',
  NOT_ALLOWED: 'give its user the right to do that',
  PRECONDITION_FAILED:
    'it exists with other properties: delete it once it is empty, and Parley makes it anew',
  RESOURCE_LOCKED: 'another connection has it for itself',
  NOT_FOUND: 'something that Parley had made was deleted',
}

/** `what` is what does not happen meanwhile. */
export function createRefusals(log: Log, what: string): Refusals {
  let told = false
  return {
    noteFailure(error) {
      const code = error instanceof AMQPError ? error.code : ''
      const help = REFUSALS[code]
      if (told || help === undefined) return
      told = true
      log.warn({ reason: reasonOf(error), code, help }, `RabbitMQ refuses: ${what}; trying again`)
    },
    noteSuccess() {
      if (told) log.info({}, `RabbitMQ does not refuse any more: ${what}`)
      told = false
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
