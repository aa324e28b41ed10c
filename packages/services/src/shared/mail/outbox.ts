/**
 * Letters that a service has decided to send: rows of the table `mail` in its schema, `(id, kind, about, created_at,
 * due_at, claimed_until, attempts, outcome)`. No row holds words or tokens of a letter: it is written when it is sent.
 */
import type { Database, MailOutcome, Queryable } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

export type MailSchema = 'auth' | 'notifications'

/** What became of a letter that has not been sent is not worth sending a day later. */
export const LETTER_MAX_AGE_MS = 86_400_000
/** Longer than handing one over takes at the worst. */
const CLAIM_MS = 180_000
/** Between two tries, longer each time. */
export const RETRY_MIN_MS = 1_000
export const RETRY_MAX_MS = 120_000
/** For operators who ask what happened. */
const KEEP_SETTLED_MS = 7 * 86_400_000

export interface NewMail {
  readonly id: string
  readonly kind: string
  /** What the letter is about, as JSON; forgotten once it is settled. */
  readonly about: object
}

export interface ClaimedMail {
  readonly id: string
  readonly kind: string
  readonly about: unknown
  readonly created_at: number
}

/** In the transaction of what the letter tells. */
export async function addMail(
  transaction: Queryable,
  schema: MailSchema,
  nowMs: number,
  mails: readonly NewMail[],
): Promise<void> {
  await transaction.query(
    `insert into ${schema}.mail (id, kind, about, created_at, due_at)
     select x.id, x.kind, x.about::jsonb, $4, $4 from unnest($1::text[], $2::text[], $3::text[]) as x(id, kind, about)`,
    [
      mails.map((mail) => mail.id),
      mails.map((mail) => mail.kind),
      mails.map((mail) => JSON.stringify(mail.about)),
      nowMs,
    ],
    `${schema}.add-mail`,
  )
}

/** Undefined: it is settled or unknown. Throws `conflict` while somebody else has it. */
export async function claimMail(
  database: Database,
  schema: MailSchema,
  nowMs: number,
  id: string,
): Promise<ClaimedMail | undefined> {
  const { rows } = await database.query<ClaimedMail>(
    `update ${schema}.mail set claimed_until = $2::bigint + ${CLAIM_MS}
     where id = $1 and outcome is null and (claimed_until is null or claimed_until <= $2)
     returning id, kind, about, created_at`,
    [id, nowMs],
    `${schema}.claim-mail`,
  )
  if (rows[0] !== undefined) return rows[0]
  const open = await database.query(`select 1 from ${schema}.mail where id = $1 and outcome is null`, [id])
  if (open.rows.length > 0) throw new ParleyError('conflict', { message: 'This letter is being sent.' })
  return undefined
}

/** `later`: it is due again in a while. `dropped`: there was nothing to say any more. */
export async function settleMail(
  database: Database,
  schema: MailSchema,
  nowMs: number,
  { id, outcome }: { id: string; outcome: MailOutcome | 'dropped' },
): Promise<void> {
  if (outcome === 'later') {
    await database.query(
      `update ${schema}.mail set claimed_until = null,
         due_at = $2::bigint + least(${RETRY_MAX_MS}, ${RETRY_MIN_MS} * 2 ^ least(attempts, 10))::bigint
       where id = $1 and outcome is null`,
      [id, nowMs],
      `${schema}.put-off-mail`,
    )
    return
  }
  await database.query(
    `update ${schema}.mail set outcome = $2, about = '{}', due_at = null, claimed_until = null, settled_at = $3
     where id = $1 and outcome is null`,
    [id, outcome, nowMs],
    `${schema}.settle-mail`,
  )
}

export async function forgetMails(database: Database, schema: MailSchema, nowMs: number): Promise<void> {
  await database.query(
    `update ${schema}.mail set outcome = 'late', about = '{}', due_at = null, settled_at = $1
     where outcome is null and created_at <= $2`,
    [nowMs, nowMs - LETTER_MAX_AGE_MS],
  )
  await database.query(`delete from ${schema}.mail where settled_at <= $1`, [nowMs - KEEP_SETTLED_MS])
}
