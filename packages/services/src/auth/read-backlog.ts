/** Changes of users that other services have not been told yet. */
import { BACKLOG_MAX_ROWS, type Backlog, type Clock, type Queryable } from '@parley/contracts'

export async function readBacklog(database: Queryable, clock: Clock): Promise<Backlog> {
  const { rows } = await database.query<{ rows: number; since: number | null }>(
    `select (select count(*) from (select 1 from auth.outbox limit $1) as waiting) as rows,
       (select created_at from auth.outbox order by id limit 1) as since`,
    [BACKLOG_MAX_ROWS],
    'auth-backlog',
  )
  const since = rows[0]?.since ?? null
  return { rows: rows[0]?.rows ?? 0, oldestMs: since === null ? 0 : Math.max(0, clock.now() - since) }
}
