/**
 * When a digest is due. A person has one appointment, made by the first thing that waits and kept by `find-due.ts`:
 * what came since then is told with it, what was read until then makes it void.
 */
import type { Queryable } from '@parley/contracts'

/** Older than this is not worth a letter any more: the setting was off, or no mail was sent here. */
export const DIGEST_MAX_AGE_MS = 7 * 86_400_000

/** After things have waited as long as their owner lets them, and never two digests within that time. */
const APPOINTMENT = `case when p.digest_every_ms = 0 then null
  else greatest(x.since, coalesce(p.digest_last_at, 0)) + p.digest_every_ms end`

/** In the transaction that put these into inboxes. An appointment that there is stays. */
export async function scheduleDigests(
  transaction: Queryable,
  items: readonly { user_id: string; at: number }[],
): Promise<void> {
  if (items.length === 0) return
  await transaction.query(
    `update notifications.person p set digest_due_at = ${APPOINTMENT}
     from (select user_id, min(at) as since from unnest($1::text[], $2::bigint[]) as i(user_id, at) group by user_id) x
     where p.user_id = x.user_id and p.digest_due_at is null`,
    [items.map((item) => item.user_id), items.map((item) => item.at)],
    'notifications.schedule-digests',
  )
}

/** After another choice: by what waits now. */
export async function rescheduleDigest(transaction: Queryable, user: string, nowMs: number): Promise<void> {
  await transaction.query(
    `update notifications.person p set digest_due_at = ${APPOINTMENT}
     from (select min(at) as since from notifications.item
           where user_id = $1 and read_at is null and digest is null and at >= $2) x
     where p.user_id = $1`,
    [user, nowMs - DIGEST_MAX_AGE_MS],
  )
}
