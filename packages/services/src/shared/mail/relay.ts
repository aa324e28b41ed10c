/**
 * Gives letters that are due to the queue of background work: those that are new, those that the mail server put off,
 * and those of which nothing was heard for an hour (the queue gives work up when a service is away for long). Any
 * number of processes may run it.
 */
import type { Clock, Database, Log, WorkQueue } from '@parley/contracts'
import { type Repeated, repeat } from '../repeat.ts'
import { forgetMails, type MailSchema, RETRY_MAX_MS, RETRY_MIN_MS } from './outbox.ts'

const INTERVAL_MS = 1_000
const AT_ONCE = 20
/** For the round that took it. In one process the queue answers only after the letter was handed over. */
const LEASE_MS = 180_000
/** Once the queue has it. */
const AGAIN_AFTER_MS = 3_600_000
const FORGET_EVERY_MS = 600_000

export interface MailRelayParts {
  readonly database: Database
  readonly schema: MailSchema
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly log: Log
}

interface DueMail {
  readonly id: string
  readonly attempts: number
  readonly due_at: number
}

export function createMailRelay(parts: MailRelayParts): Repeated {
  const { database, schema, clock, log } = parts
  let inTrouble = false
  let forgetAt = 0

  return repeat(clock, async () => {
    try {
      if (clock.now() >= forgetAt) {
        forgetAt = clock.now() + FORGET_EVERY_MS
        await forgetMails(database, schema, clock.now())
      }
      const due = await takeDue(parts)
      const failures = await Promise.all(due.map((mail) => hand(parts, mail)))
      const failure = failures.find((found) => found !== undefined)
      if (failure !== undefined) {
        if (!inTrouble)
          log.warn({ schema, error: failure }, 'letters are not handed to the queue; trying again')
        inTrouble = true
      } else if (due.length > 0 && inTrouble) {
        log.info({ schema }, 'letters are handed to the queue again')
        inTrouble = false
      }
      return due.length === AT_ONCE ? 0 : INTERVAL_MS
    } catch (error) {
      log.debug({ schema, error: String(error) }, 'letters that are due could not be looked up')
      return RETRY_MIN_MS
    }
  })
}

async function takeDue({ database, schema, clock }: MailRelayParts): Promise<DueMail[]> {
  const { rows } = await database.query<DueMail>(
    `update ${schema}.mail m set due_at = $1::bigint + ${LEASE_MS}, attempts = m.attempts + 1
     from (select id from ${schema}.mail where due_at <= $1 order by due_at limit ${AT_ONCE} for update skip locked) d
     where m.id = d.id returning m.id, m.attempts, m.due_at`,
    [clock.now()],
    `${schema}.due-mail`,
  )
  return rows
}

/** Answers why the queue did not take it. A letter that was put off meanwhile keeps its time. */
async function hand(
  { database, schema, queue, clock }: MailRelayParts,
  { id, attempts, due_at: leasedUntil }: DueMail,
): Promise<string | undefined> {
  let failure: string | undefined
  try {
    const body = JSON.stringify({ owner: schema, id })
    await queue.publish('mail.due', [{ id: `mail ${id} ${attempts}`, body }])
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
  }
  const afterMs =
    failure === undefined
      ? AGAIN_AFTER_MS
      : Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempts, 10))
  await database.query(
    `update ${schema}.mail set due_at = $2 where id = $1 and outcome is null and due_at = $3`,
    [id, clock.now() + afterMs, leasedUntil],
    `${schema}.leave-mail`,
  )
  return failure
}
