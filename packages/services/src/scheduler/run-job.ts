/** One run of a job: under its own lock, so that it never runs twice at a time, and written down. */
import type { Clock, Database, Log } from '@parley/contracts'
import { within } from '../shared/within.ts'
import type { Job, JobResult } from './job.ts'
import { type LeaseTimes, takeLease } from './take-lease.ts'

/** Runs of a job that are kept. */
const HISTORY_MAX_RUNS = 200
/** For the step under way, once a run has to end. */
const GRACE_MS = 15_000
const ERROR_MAX_CHARS = 500

export type Outcome = 'done' | 'failed' | 'cut_off'

export interface Ran {
  readonly outcome: Outcome
  readonly result?: JobResult
  readonly error?: string
  readonly tookMs: number
}

export interface RunParts {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  /** Which process it is, for the history. */
  readonly process: string
  readonly times?: LeaseTimes
}

export interface RunRequest {
  readonly startedBy: 'schedule' | 'hand'
  /** Ends the run. */
  readonly signal?: AbortSignal
}

/** 'busy' when it is running already, here or elsewhere. What the job throws is the run's outcome. */
export async function runJob(parts: RunParts, job: Job, request: RunRequest): Promise<Ran | 'busy'> {
  const { database, clock, log, times } = parts
  const lease = await takeLease({
    database,
    clock,
    name: `job.${job.name}`,
    ...(times === undefined ? {} : { times }),
  })
  if (lease === undefined) return 'busy'
  try {
    const startedAt = clock.now()
    const id = await noteStart(parts, job, request, startedAt)
    const signals = [lease.signal, ...(request.signal === undefined ? [] : [request.signal])]
    const done = await execute(parts, job, signals)
    const ran = { ...done, tookMs: clock.now() - startedAt }
    // Whoever lost its lock may have been spoken for as lost already, and says no more.
    await noteEnd(parts, job, id, ran)
    log.info({ job: job.name, run: id, ...ran }, 'job run ended')
    return ran
  } finally {
    await lease.release()
  }
}

async function execute(
  { clock, log }: RunParts,
  job: Job,
  signals: AbortSignal[],
): Promise<Omit<Ran, 'tookMs'>> {
  const time = new AbortController()
  const cancel = clock.after(job.runMaxMs, () => time.abort())
  const signal = AbortSignal.any([...signals, time.signal])
  try {
    const work = job.run({ now: clock.now(), signal, log })
    const result = await Promise.race([work, endOfGrace(clock, signal, work)])
    return signal.aborted ? { outcome: 'cut_off', result } : { outcome: 'done', result }
  } catch (error) {
    return {
      outcome: signal.aborted ? 'cut_off' : 'failed',
      error: String(error).slice(0, ERROR_MAX_CHARS),
    }
  } finally {
    cancel()
  }
}

/** Rejects a while after the abortion, for a job that does not heed it. */
async function endOfGrace(clock: Clock, signal: AbortSignal, work: Promise<JobResult>): Promise<never> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  await within(clock, GRACE_MS, work)
  return new Promise<never>(() => {})
}

/** Runs without an end are of processes that died: this one holds the job's lock. */
async function noteStart(
  { database, process }: RunParts,
  job: Job,
  { startedBy }: RunRequest,
  startedAt: number,
): Promise<number> {
  await database.query(
    `update scheduler.run set outcome = 'lost', ended_at = $2 where job = $1 and outcome is null`,
    [job.name, new Date(startedAt)],
  )
  const { rows } = await database.query<{ id: number }>(
    'insert into scheduler.run (job, started_by, process, started_at) values ($1, $2, $3, $4) returning id',
    [job.name, startedBy, process, new Date(startedAt)],
  )
  return rows[0]?.id ?? 0
}

async function noteEnd({ database, clock }: RunParts, job: Job, id: number, ran: Ran): Promise<void> {
  await database.query(
    'update scheduler.run set ended_at = $2, outcome = $3, result = $4, error = $5 where id = $1 and outcome is null',
    [
      id,
      new Date(clock.now()),
      ran.outcome,
      ran.result === undefined ? null : JSON.stringify(ran.result),
      ran.error ?? null,
    ],
  )
  await database.query(
    `delete from scheduler.run where job = $1 and id <= (
       select id from scheduler.run where job = $1 order by id desc offset $2 limit 1)`,
    [job.name, HISTORY_MAX_RUNS],
  )
}
