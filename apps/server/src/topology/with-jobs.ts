/** The jobs as the operator's commands reach them: beside a running deployment or without one. */
import { hostname } from 'node:os'
import { type Database, type Log, systemClock } from '@parley/contracts'
import { archiveEntries } from '@parley/services/rooms/archive-entries'
import { createJobs } from '@parley/services/scheduler/create-jobs'
import { type Ran, runJob } from '@parley/services/scheduler/run-job'
import { inspectDataDirectory } from '../data-directory.ts'
import { PlainError } from '../plain-error.ts'
import type { Settings } from '../settings/table.ts'
import { databaseUrlOf } from './demand-distributed.ts'
import { withDatabase } from './with-database.ts'

/** Throws plain errors for what a person can mend. */
export async function withJobHistory<Result>(
  settings: Settings,
  log: Log,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  if (
    databaseUrlOf(settings, 'scheduler') === undefined &&
    (await inspectDataDirectory(settings.data)) === undefined
  ) {
    throw new PlainError(
      `${settings.data} holds no data of Parley: start the server first, or say where its data are with PARLEY_DATA.`,
    )
  }
  return withDatabase(settings, log, work, 'scheduler')
}

/**
 * Runs a job here and now, on the databases of its services and under the lock that the scheduler runs it under. Throws
 * plain errors for a job that is not there or runs already.
 */
export function runJobByHand(settings: Settings, log: Log, name: string, signal: AbortSignal): Promise<Ran> {
  return withJobHistory(settings, log, (database) =>
    withDatabase(
      settings,
      log,
      async (rooms) => {
        const job = jobsOn(settings, rooms, log).find((one) => one.name === name)
        if (job === undefined)
          throw new PlainError(`There is no job ${name}: "parley jobs list" shows those there are.`)
        const parts = { database, clock: systemClock, log, process: `${hostname()} ${process.pid}` }
        const ran = await runJob(parts, job, { startedBy: 'hand', signal })
        if (ran === 'busy') throw new PlainError(`${name} runs already; "parley jobs history" shows where.`)
        return ran
      },
      'rooms',
    ),
  )
}

function jobsOn(settings: Settings, rooms: Database, log: Log) {
  const parts = { database: rooms, clock: systemClock, log }
  return createJobs(settings, { rooms: { archiveEntries: (input) => archiveEntries(parts, input) } })
}
