/** What is due when, and what the last runs did; for `parley jobs`. */
import type { Queryable } from '@parley/contracts'
import type { JobResult } from './job.ts'

export interface RunRecord {
  readonly job: string
  readonly started_by: 'schedule' | 'hand'
  readonly process: string
  readonly started_at: Date
  readonly ended_at: Date | null
  /** Null while it runs, or until its process is known to have died. */
  readonly outcome: 'done' | 'failed' | 'cut_off' | 'lost' | null
  readonly result: JobResult | null
  readonly error: string | null
}

/** Newest first. */
export async function listRuns(reader: Queryable, limit: number, job?: string): Promise<RunRecord[]> {
  const { rows } = await reader.query<RunRecord>(
    `select job, started_by, process, started_at, ended_at, outcome, result, error from scheduler.run
     where $2::text is null or job = $2 order by id desc limit $1`,
    [limit, job ?? null],
  )
  return rows
}

/** Of the jobs that a scheduler has taken up. */
export async function listDueTimes(reader: Queryable): Promise<Map<string, Date>> {
  const { rows } = await reader.query<{ name: string; next_at: Date }>(
    'select name, next_at from scheduler.job',
  )
  return new Map(rows.map((row) => [row.name, row.next_at]))
}
