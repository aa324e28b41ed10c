/** Makes the letters whose appointment has come. Any number of processes may run it: each row is taken by one. */
import { addMail } from '../../shared/mail/outbox.ts'
import type { NotificationsDependencies } from '../dependencies.ts'
import { DIGEST_MAX_AGE_MS } from './schedule-digests.ts'

export const DUE_MAX = 100

/** One batch; how many appointments were kept or void. */
export async function findDue({
  database,
  clock,
  newId,
}: Pick<NotificationsDependencies, 'database' | 'clock' | 'newId'>): Promise<number> {
  return database.transaction(async (transaction) => {
    const now = clock.now()
    const { rows } = await transaction.query<{ user_id: string; waits: boolean }>(
      `select p.user_id, exists (
         select 1 from notifications.item i
         where i.user_id = p.user_id and i.read_at is null and i.digest is null and i.at >= $2) as waits
       from notifications.person p where p.digest_due_at <= $1
       order by p.digest_due_at limit ${DUE_MAX} for update of p skip locked`,
      [now, now - DIGEST_MAX_AGE_MS],
      'notifications.due-digests',
    )
    if (rows.length === 0) return 0
    const users = rows.filter((row) => row.waits).map((row) => row.user_id)
    await transaction.query(
      `update notifications.person set digest_due_at = null,
         digest_last_at = case when user_id = any($2) then $3 else digest_last_at end
       where user_id = any($1)`,
      [rows.map((row) => row.user_id), users, now],
      'notifications.keep-digests',
    )
    if (users.length > 0)
      await addMail(
        transaction,
        'notifications',
        now,
        users.map((user) => ({ id: newId(), kind: 'digest', about: { user } })),
      )
    return rows.length
  })
}
