/**
 * Runs jobs when they are due, once, however many processes do this: the one that holds the leader's lock looks, the
 * others wait for the lock. Should two ever believe to be the leader, a due time is still taken once, because it is moved
 * on by a comparison in the database.
 */
import type { Clock, Database, Log } from '@parley/contracts'
import { repeat } from '../shared/repeat.ts'
import { within } from '../shared/within.ts'
import type { Job } from './job.ts'
import { type Ran, runJob } from './run-job.ts'
import { type Lease, type LeaseTimes, takeLease } from './take-lease.ts'

/** Between two looks of the leader, and between two tries to become it. */
const LOOK_INTERVAL_MS = 1_000
const LOOK_MIN_MS = 10
/** A database that does not answer must not hold the look up for ever. */
const ANSWER_MAX_MS = 5_000

export interface SchedulerParts {
  /** One connection for the leader's lock, one for each running job, and one to work with. */
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly jobs: readonly Job[]
  /** Which process it is, for the history. */
  readonly process: string
  /** From 0 to 1; for the jitter. */
  readonly random: () => number
  readonly times?: LeaseTimes
  readonly onLeader?: (leads: boolean) => void
  readonly onRun?: (job: Job, ran: Ran) => void
}

export interface Scheduler {
  start(): void
  leads(): boolean
  /** Stops runs after the step under way and gives the lock back. */
  close(): Promise<void>
}

export function createScheduler(parts: SchedulerParts): Scheduler {
  const { database, clock, log, times } = parts
  const closing = new AbortController()
  const running = new Map<string, Promise<void>>()
  let lease: Lease | undefined
  let hasTakenUp = false
  let troubles = 0

  async function lead(): Promise<Lease | undefined> {
    if (lease?.isHeld() !== true) {
      lease = await takeLease({ database, clock, name: 'leader', ...(times === undefined ? {} : { times }) })
      if (lease === undefined) return undefined
      hasTakenUp = false
      log.info({ process: parts.process }, 'this process leads the scheduler')
      parts.onLeader?.(true)
      lease.signal.addEventListener('abort', () => {
        log.info({ process: parts.process }, 'this process no longer leads the scheduler')
        parts.onLeader?.(false)
        looking.hurry()
      })
    }
    if (!hasTakenUp) await within(clock, ANSWER_MAX_MS, takeUp(parts))
    hasTakenUp = true
    return lease
  }

  function run(job: Job, held: Lease): void {
    const request = { startedBy: 'schedule', signal: AbortSignal.any([held.signal, closing.signal]) } as const
    const work = runJob(parts, job, request).then(
      (ran) => {
        if (ran === 'busy') log.info({ job: job.name }, 'job runs already; this time is left out')
        else parts.onRun?.(job, ran)
      },
      (error: unknown) => log.warn({ job: job.name, error: String(error) }, 'job not run'),
    )
    running.set(
      job.name,
      work.finally(() => {
        running.delete(job.name)
        looking.hurry()
      }),
    )
  }

  async function look(): Promise<number> {
    const held = await lead()
    if (held === undefined) return LOOK_INTERVAL_MS
    const due = await within(clock, ANSWER_MAX_MS, readDue(parts))
    for (const { name, next_at } of due.filter((one) => one.next_at.getTime() <= clock.now())) {
      const job = parts.jobs.find((one) => one.name === name)
      if (job === undefined || running.has(name) || closing.signal.aborted) continue
      const next = nextTime(parts, job)
      if ((await within(clock, ANSWER_MAX_MS, takeTime(database, name, next_at, next))) && held.isHeld())
        run(job, held)
    }
    const soonest = Math.min(...due.map((one) => one.next_at.getTime() - clock.now()))
    return Math.max(LOOK_MIN_MS, Math.min(LOOK_INTERVAL_MS, soonest))
  }

  const looking = repeat(clock, async () => {
    try {
      const pauseMs = await look()
      if (troubles > 0) log.info({}, 'the scheduler reaches its database again')
      troubles = 0
      return pauseMs
    } catch (error) {
      if (troubles++ === 0) log.warn({ error: String(error) }, 'scheduler: no look at the jobs; trying again')
      return LOOK_INTERVAL_MS
    }
  })

  return {
    start: () => looking.start(),
    leads: () => lease?.isHeld() === true,
    async close() {
      closing.abort()
      await looking.close()
      await Promise.all(running.values())
      await lease?.release()
    },
  }
}

interface Due {
  readonly name: string
  readonly next_at: Date
}

/** Soonest first. */
async function readDue({ database, jobs }: SchedulerParts): Promise<Due[]> {
  const { rows } = await database.query<Due>(
    'select name, next_at from scheduler.job where name = any($1) order by next_at',
    [jobs.map((job) => job.name)],
    'scheduler.due',
  )
  return rows
}

/** A due time belongs to who moves it on. */
async function takeTime(database: Database, name: string, from: Date, to: Date): Promise<boolean> {
  const { rowCount } = await database.query(
    'update scheduler.job set next_at = $3 where name = $1 and next_at = $2',
    [name, from, to],
    'scheduler.take',
  )
  return rowCount === 1
}

const NEVER = new Date('9999-12-31T00:00:00Z')

/** Times that passed while nobody led are not made up for: one run now is as good as ten. */
function nextTime({ clock, random }: SchedulerParts, job: Job): Date {
  const next = job.schedule.next(clock.now())
  return next === undefined ? NEVER : new Date(next + Math.floor(random() * job.jitterMaxMs))
}

/** New jobs and new schedules get their first time; a job that was taken out of the settings is forgotten. */
async function takeUp(parts: SchedulerParts): Promise<void> {
  const { database, jobs } = parts
  await database.query(
    `insert into scheduler.job as j (name, schedule, next_at) select * from unnest($1::text[], $2::text[], $3::timestamptz[])
     on conflict (name) do update set schedule = excluded.schedule, next_at = excluded.next_at where j.schedule <> excluded.schedule`,
    [
      jobs.map((job) => job.name),
      jobs.map((job) => job.schedule.text),
      jobs.map((job) => nextTime(parts, job)),
    ],
  )
  await database.query('delete from scheduler.job where not name = any($1)', [jobs.map((job) => job.name)])
}
