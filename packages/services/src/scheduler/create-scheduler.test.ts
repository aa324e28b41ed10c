import { type Database, silentLog, systemClock } from '@parley/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/test-database.ts'
import { createScheduler, type Scheduler, type SchedulerParts } from './create-scheduler.ts'
import type { Job, JobContext, JobResult } from './job.ts'
import { listRuns } from './list-runs.ts'
import { schedulerMigrations } from './migrations.ts'
import { runJob } from './run-job.ts'

const clock = systemClock
const times = { renewMs: 50, leaseMs: 400, serverIdleMs: 800 }
/** Due at every multiple. */
const everyMs = (ms: number): Job['schedule'] => ({
  text: `${ms}`,
  next: (after) => (Math.floor(after / ms) + 1) * ms,
})
const never: Job['schedule'] = { text: 'never', next: () => undefined }

let store: TestDatabase
let running: Scheduler[]
beforeEach(async () => {
  store = await createTestDatabase([schedulerMigrations], 30)
  running = []
})
afterEach(async () => {
  await Promise.all(running.map((one) => one.close()))
  await store.drop()
})

function jobOf(run: (context: JobContext) => Promise<JobResult>, more: Partial<Job> = {}): Job {
  return {
    name: 'job',
    description: 'a job',
    schedule: everyMs(40),
    jitterMaxMs: 0,
    runMaxMs: 5_000,
    run,
    ...more,
  }
}

function start(process: string, jobs: Job[], more: Partial<SchedulerParts> = {}): Scheduler {
  const parts = {
    database: store.database as Database,
    clock,
    log: silentLog,
    jobs,
    process,
    random: () => 0,
    times,
  }
  const scheduler = createScheduler({ ...parts, ...more })
  running.push(scheduler)
  scheduler.start()
  return scheduler
}

const runs = () => listRuns(store.database, 1_000)
const endedRuns = async () => (await runs()).filter((run) => run.outcome !== null)
const parts = () => ({ database: store.database, clock, log: silentLog, process: 'hand', times })

/** Collects the due times that somebody has taken, as the database says. */
function noteTaken(database: Database, taken: number[]): Database {
  return {
    ...database,
    async query<Row>(text: string, values?: readonly unknown[], name?: string) {
      const result = await database.query<Row>(text, values, name)
      const due = values?.[1]
      if (name === 'scheduler.take' && result.rowCount === 1 && due instanceof Date) taken.push(due.getTime())
      return result
    },
  }
}

test('three replicas run a job once each time, while leaders are cut off one after the other', async () => {
  let inside = 0
  let most = 0
  let leaders = 0
  let mostLeaders = 0
  const job = jobOf(async () => {
    most = Math.max(most, ++inside)
    await new Promise<void>((resolve) => clock.after(5, resolve))
    inside--
    return { done: 1 }
  })
  const onLeader = (leads: boolean) => {
    leaders += leads ? 1 : -1
    mostLeaders = Math.max(mostLeaders, leaders)
  }
  const taken: number[] = []
  const database = noteTaken(store.database, taken)
  for (const name of ['a', 'b', 'c']) start(name, [job], { onLeader, database })
  for (let cut = 1; cut <= 4; cut++) {
    const before = (await endedRuns()).length
    await expect.poll(async () => (await endedRuns()).length, { timeout: 10_000 }).toBeGreaterThan(before + 2)
    await store.database.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = hashtext('leader')::bigint & 4294967295`,
    )
  }
  await Promise.all(running.map((one) => one.close()))
  expect([most, mostLeaders]).toEqual([1, 1])
  // Each due time belonged to one of them, and made one run at most.
  expect(new Set(taken).size).toBe(taken.length)
  expect((await runs()).length).toBeLessThanOrEqual(taken.length)
}, 60_000)

test('a clock that is set on does not cost the lock for ever: the same process leads again, and ends', async () => {
  let offset = 0
  const set = { ...clock, now: () => clock.now() + offset }
  const scheduler = start('alone', [jobOf(async () => ({ done: 1 }))], { clock: set })
  for (let turn = 1; turn <= 3; turn++) {
    await expect.poll(() => scheduler.leads()).toBe(true)
    offset += 11 * 60_000
    expect(scheduler.leads()).toBe(false)
  }
  const before = (await endedRuns()).length
  await expect.poll(async () => (await endedRuns()).length, { timeout: 5_000 }).toBeGreaterThan(before)
  await scheduler.close()
  expect(scheduler.leads()).toBe(false)
})

test('what a run does is written down, and so is why it failed', async () => {
  const job = jobOf(async () => ({ moved: 7 }), { schedule: never })
  expect(await runJob(parts(), job, { startedBy: 'hand' })).toMatchObject({
    outcome: 'done',
    result: { moved: 7 },
  })
  const broken = jobOf(() => Promise.reject(new Error('no luck')), { schedule: never })
  expect(await runJob(parts(), broken, { startedBy: 'hand' })).toMatchObject({ outcome: 'failed' })
  expect(await runs()).toMatchObject([
    { outcome: 'failed', error: 'Error: no luck', result: null },
    { outcome: 'done', error: null, result: { moved: 7 }, process: 'hand', started_by: 'hand' },
  ])
})

test('a run by hand is refused while the job runs', async () => {
  const gate = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  const job = jobOf(async () => {
    entered.resolve()
    await gate.promise
    return {}
  })
  const first = runJob(parts(), job, { startedBy: 'schedule' })
  await entered.promise
  expect(await runJob(parts(), job, { startedBy: 'hand' })).toBe('busy')
  gate.resolve()
  expect(await first).toMatchObject({ outcome: 'done' })
})

test('a run that takes too long is told to end, and is written down as cut off', async () => {
  const job = jobOf(
    ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ half: 1 }))),
    { runMaxMs: 30 },
  )
  expect(await runJob(parts(), job, { startedBy: 'hand' })).toMatchObject({
    outcome: 'cut_off',
    result: { half: 1 },
  })
})

test('the end of the process ends its runs, and the next leader goes on at once', async () => {
  const entered = Promise.withResolvers<void>()
  const long = jobOf(({ signal }) => {
    entered.resolve()
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve({})))
  })
  const first = start('a', [long])
  await entered.promise
  const next = Promise.withResolvers<void>()
  start('b', [
    jobOf(async () => {
      next.resolve()
      return {}
    }),
  ])
  await first.close()
  await next.promise
  expect((await runs()).at(-1)).toMatchObject({ process: 'a', outcome: 'cut_off' })
})

test('a run whose process died without a word is told as lost by the next one', async () => {
  await store.database.query(
    `insert into scheduler.run (job, started_by, process, started_at) values ('job', 'schedule', 'dead', now() - interval '1 minute')`,
  )
  await runJob(
    parts(),
    jobOf(async () => ({}), { schedule: never }),
    { startedBy: 'hand' },
  )
  expect((await runs()).map((run) => run.outcome)).toEqual(['done', 'lost'])
})

test('the history of a job is bounded', async () => {
  await store.database.query(
    `insert into scheduler.run (job, started_by, process, started_at, outcome)
     select 'job', 'schedule', 'x', now(), 'done' from generate_series(1, 250)`,
  )
  await runJob(
    parts(),
    jobOf(async () => ({}), { schedule: never }),
    { startedBy: 'hand' },
  )
  expect(await runs()).toHaveLength(200)
})

test('a new schedule is reckoned anew, and a job that is off is forgotten', async () => {
  const first = start('a', [
    jobOf(async () => ({}), { schedule: never }),
    jobOf(async () => ({}), { name: 'off', schedule: never }),
  ])
  await expect.poll(() => first.leads()).toBe(true)
  await first.close()
  const ran = Promise.withResolvers<void>()
  start('b', [
    jobOf(async () => {
      ran.resolve()
      return {}
    }),
  ])
  await ran.promise
  const { rows } = await store.database.query<{ name: string }>('select name from scheduler.job')
  expect(rows).toEqual([{ name: 'job' }])
})

test('runs are spread by the jitter', async () => {
  start('a', [jobOf(async () => ({}), { schedule: everyMs(1_000), jitterMaxMs: 500 })], { random: () => 0.5 })
  await expect
    .poll(async () =>
      (
        await store.database.query<{ next_at: Date }>('select next_at from scheduler.job')
      ).rows[0]?.next_at.getTime(),
    )
    .toSatisfy((at) => typeof at === 'number' && at % 1_000 === 250)
})
