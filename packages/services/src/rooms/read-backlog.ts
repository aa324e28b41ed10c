/** How far the relay is behind. Ages are by the database's clock, which wrote the rows. */
import { BACKLOG_MAX_ROWS, type Backlog, type Queryable } from '@parley/contracts'

export async function readBacklog(database: Queryable): Promise<Backlog> {
  const { rows } = await database.query<{ rows: number; age: number | null }>(
    `select (select count(*) from (select 1 from rooms.outbox limit $1) as waiting) as rows,
       (select extract(epoch from clock_timestamp() - at) * 1000 from rooms.outbox order by id limit 1) as age`,
    [BACKLOG_MAX_ROWS],
    'rooms.backlog',
  )
  return { rows: rows[0]?.rows ?? 0, oldestMs: Math.max(0, rows[0]?.age ?? 0) }
}
