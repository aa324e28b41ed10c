/** How soon a person wants to be sent what stays unread. */
import type { InputOf, notificationsContract, OutputOf } from '@parley/contracts'
import type { DigestChoice } from '@parley/protocol'
import type { NotificationsDependencies } from '../dependencies.ts'
import { rescheduleDigest } from './schedule-digests.ts'

type Contract = typeof notificationsContract
type Parts = Pick<NotificationsDependencies, 'database' | 'clock'>

const EVERY_MS: Readonly<Record<DigestChoice, number>> = {
  off: 0,
  '15m': 900_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
}
/** The same as the column's. */
const DEFAULT: DigestChoice = '1h'

export async function getDigest(
  { database }: Parts,
  { user }: InputOf<Contract, 'getDigest'>,
): Promise<OutputOf<Contract, 'getDigest'>> {
  const { rows } = await database.query<{ every: number }>(
    'select digest_every_ms as every from notifications.person where user_id = $1',
    [user],
  )
  const every = rows[0]?.every
  const choices = Object.keys(EVERY_MS) as DigestChoice[]
  return { digest: choices.find((choice) => EVERY_MS[choice] === every) ?? DEFAULT }
}

export async function setDigest(
  { database, clock }: Parts,
  { user, digest }: InputOf<Contract, 'setDigest'>,
): Promise<OutputOf<Contract, 'setDigest'>> {
  await database.transaction(async (transaction) => {
    await transaction.query(
      `insert into notifications.person as p (user_id, digest_every_ms) values ($1, $2)
       on conflict (user_id) do update set digest_every_ms = excluded.digest_every_ms`,
      [user, EVERY_MS[digest]],
    )
    await rescheduleDigest(transaction, user, clock.now())
  })
  return { digest }
}
