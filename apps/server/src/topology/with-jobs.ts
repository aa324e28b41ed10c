/** The jobs as the operator's commands reach them: beside a running deployment or without one. */
import { hostname } from 'node:os'
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { type Database, type InputOf, type Log, type roomsContract, systemClock } from '@parley/contracts'
import { sweepNotifications } from '@parley/services/notifications/sweep'
import { archiveEntries } from '@parley/services/rooms/archive-entries'
import { expireMessages } from '@parley/services/rooms/expire-messages'
import { previewRetention, type RoomPreview } from '@parley/services/rooms/preview-retention'
import { floors } from '@parley/services/rooms/read-log'
import { createJobs, type JobServices } from '@parley/services/scheduler/create-jobs'
import { type Ran, runJob } from '@parley/services/scheduler/run-job'
import { inspectDataDirectory } from '../data-directory.ts'
import { PlainError } from '../plain-error.ts'
import type { SchemaName } from '../role.ts'
import type { Settings } from '../settings/table.ts'
import { databaseUrlOf } from './demand-distributed.ts'
import { withAccounts } from './with-accounts.ts'
import { withDatabase } from './with-database.ts'

/** Throws plain errors for what a person can mend. */
export async function withJobHistory<Result>(
  settings: Settings,
  log: Log,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  await demandData(settings, 'scheduler')
  return withDatabase(settings, log, work, 'scheduler')
}

async function demandData(settings: Settings, schema: SchemaName): Promise<void> {
  if (databaseUrlOf(settings, schema) !== undefined) return
  if ((await inspectDataDirectory(settings.data)) !== undefined) return
  throw new PlainError(
    `${settings.data} holds no data of Parley: start the server first, or say where its data are with PARLEY_DATA.`,
  )
}

/**
 * Runs a job here and now, on the databases of its services and under the lock that the scheduler runs it under. Throws
 * plain errors for a job that is not there or runs already.
 */
export function runJobByHand(settings: Settings, log: Log, name: string, signal: AbortSignal): Promise<Ran> {
  return withJobHistory(settings, log, (database) =>
    withServices(settings, log, name, async (services) => {
      const job = createJobs(settings, services).find((one) => one.name === name)
      if (job === undefined)
        throw new PlainError(`There is no job ${name}: "parley jobs list" shows those there are.`)
      const parts = { database, clock: systemClock, log, process: `${hostname()} ${process.pid}` }
      const ran = await runJob(parts, job, { startedBy: 'hand', signal })
      if (ran === 'busy') throw new PlainError(`${name} runs already; "parley jobs history" shows where.`)
      return ran
    }),
  )
}

/** What the job would delete, by room; changes nothing. */
export function previewRetentionByHand(
  settings: Settings,
  log: Log,
  show: (room: RoomPreview) => void,
): Promise<void> {
  return withRooms(settings, log, async (rooms) => {
    for await (const room of previewRetention(rooms, settings.retentionDays)) show(room)
  })
}

/** The database of rooms, for the operator. Throws plain errors for what a person can mend. */
export async function withRooms<Result>(
  settings: Settings,
  log: Log,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  await demandData(settings, 'rooms')
  return withDatabase(settings, log, work, 'rooms')
}

/** The archive needs no more than the rooms, and so does a name that is none. */
function withServices<Result>(
  settings: Settings,
  log: Log,
  name: string,
  work: (services: JobServices) => Promise<Result>,
): Promise<Result> {
  return withDatabase(
    settings,
    log,
    (database) => {
      const parts = { database, clock: systemClock, log }
      const rooms = {
        archiveEntries: (input: InputOf<typeof roomsContract, 'archiveEntries'>) =>
          archiveEntries(parts, input),
        expireMessages: (input: InputOf<typeof roomsContract, 'expireMessages'>) =>
          expireMessages(parts, input),
      }
      if (name !== 'retention' && name !== 'sweep') return work({ rooms, notifications: notAsked })
      return withSweep(settings, log, database, (notifications) => work({ rooms, notifications }))
    },
    'rooms',
  )
}

const notAsked = { sweepNotifications: () => Promise.reject(new Error('no job that runs here asks for it')) }

/** Nobody is told by a bus here: devices look at their inboxes anew when they come back. */
function withSweep<Result>(
  settings: Settings,
  log: Log,
  rooms: Database,
  work: (notifications: JobServices['notifications']) => Promise<Result>,
): Promise<Result> {
  const bus = createInProcessBus()
  return withDatabase(
    settings,
    log,
    (database) =>
      withAccounts(settings, log, (auth) =>
        work({
          sweepNotifications: (input) =>
            sweepNotifications(
              { database, bus, auth, rooms: { floors: (asked) => floors(rooms, asked) } },
              input,
            ),
        }),
      ),
    'notifications',
  )
}
