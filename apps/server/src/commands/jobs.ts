/** `parley jobs …`: what the scheduler does and has done, and a run by hand. */
import type { JobResult } from '@parley/services/scheduler/job'
import type { RunRecord } from '@parley/services/scheduler/list-runs'
import type { Command } from 'commander'
import { PlainError } from '../plain-error.ts'
import type { Settings } from '../settings/table.ts'
import { watchSignals } from '../watch-signals.ts'
import { addSettings, settingsOf } from './options.ts'

const HISTORY_SHOWN = 20

export function addJobsCommand(program: Command): void {
  const jobs = program
    .command('jobs')
    .summary('show what the scheduler does, and run a job by hand')
    .description('Look after the jobs of the scheduler. Works beside a running deployment, and without one.')
  addAction(
    jobs.command('list').description('show each job, when it is due and how its last run ended'),
    list,
  )
  addAction(
    jobs
      .command('history')
      .description('show the last runs, newest first')
      .argument('[name]', 'only those of this job'),
    showHistory,
  )
  addAction(
    jobs
      .command('run')
      .description('run a job now, in this process; Ctrl-C ends it after the step under way')
      .option('--dry-run', 'of retention: say what would be deleted, and change nothing')
      .argument('<name>', 'as "parley jobs list" shows it'),
    (settings, name, { dryRun: isDry }) => (isDry === true ? runDry(settings, name) : run(settings, name)),
  )
}

interface Options {
  readonly dryRun?: boolean
}

type Action = (settings: Settings, name: string | undefined, options: Options) => Promise<void>

function addAction(command: Command, action: Action): void {
  const shown = [
    'data',
    'databaseUrl',
    'schedulerDatabaseUrl',
    'roomsDatabaseUrl',
    'archiveAfterDays',
    'archiveSchedule',
    'notificationsDatabaseUrl',
    'authDatabaseUrl',
    'retentionDays',
    'retentionSchedule',
    'log',
  ] as const
  addSettings(command, shown).action(() =>
    action(settingsOf(command), command.args[0], command.opts<Options>()),
  )
}

async function createQuietLog({ log }: Settings) {
  const { createLog } = await import('../log/create-log.ts')
  return createLog({ level: log === 'info' ? 'warn' : log, pretty: process.stderr.isTTY })
}

async function list(settings: Settings): Promise<void> {
  const { withJobHistory } = await import('../topology/with-jobs.ts')
  const { listDueTimes, listRuns } = await import('@parley/services/scheduler/list-runs')
  const { createJobs } = await import('@parley/services/scheduler/create-jobs')
  const onlyListed = () => Promise.reject(new Error('only listed'))
  const jobs = createJobs(settings, {
    rooms: { archiveEntries: onlyListed, expireMessages: onlyListed },
    notifications: { sweepNotifications: onlyListed },
  })
  await withJobHistory(settings, await createQuietLog(settings), async (database) => {
    const due = await listDueTimes(database)
    for (const { name, description, schedule } of jobs) {
      const [last] = await listRuns(database, 1, name)
      const next = due.get(name)
      console.log(`${name}  ${description}`)
      console.log(`  schedule  ${schedule.text} (UTC)`)
      console.log(`  next      ${next === undefined ? 'once a scheduler runs' : next.toISOString()}`)
      console.log(`  last      ${last === undefined ? 'never' : describe(last)}`)
    }
  })
}

async function showHistory(settings: Settings, name?: string): Promise<void> {
  const { withJobHistory } = await import('../topology/with-jobs.ts')
  const { listRuns } = await import('@parley/services/scheduler/list-runs')
  await withJobHistory(settings, await createQuietLog(settings), async (database) => {
    const runs = await listRuns(database, HISTORY_SHOWN, name)
    for (const one of runs) console.log(`${one.job}  ${describe(one)}`)
    if (runs.length === 0) console.log('No job has run yet.')
  })
}

async function run(settings: Settings, name = ''): Promise<void> {
  const { runJobByHand } = await import('../topology/with-jobs.ts')
  const end = new AbortController()
  const stopWatching = watchSignals({
    drain: () => end.abort(),
    abandon: () => process.exit(1),
  })
  try {
    const { outcome, result, error, tookMs } = await runJobByHand(
      settings,
      await createQuietLog(settings),
      name,
      end.signal,
    )
    console.log(`${name}: ${outcome.replace('_', ' ')} after ${seconds(tookMs)}${figures(result)}`)
    if (error !== undefined) console.log(`  ${error}`)
    if (outcome !== 'done') process.exitCode = 1
  } finally {
    stopWatching()
  }
}

/** One line a room, and what it comes to. */
async function runDry(settings: Settings, name: string | undefined): Promise<void> {
  if (name !== 'retention') throw new PlainError('Only retention has a dry run.')
  const { previewRetentionByHand } = await import('../topology/with-jobs.ts')
  const sum = { rooms: 0, messages: 0, files: 0, bytes: 0, kept: 0 }
  await previewRetentionByHand(settings, await createQuietLog(settings), (room) => {
    const { messages, files, file_bytes: bytes, kept, on_hold } = room
    const span = `${room.oldest.toISOString()} to ${room.newest.toISOString()}`
    const ofHeld = kept === 0 || on_hold ? '' : `, ${kept} of them kept for a hold`
    const what = on_hold ? `stays: on hold (${messages} messages)` : `${messages} messages${ofHeld}`
    console.log(`${room.id}  ${room.name || room.kind}  older than ${room.days} days: ${what}`)
    console.log(`  from ${span}, ${files} files of ${bytes} bytes`)
    if (on_hold) return
    sum.rooms++
    sum.messages += messages
    sum.files += files
    sum.bytes += bytes
    sum.kept += kept
  })
  console.log(
    `retention would delete ${sum.messages} messages in ${sum.rooms} rooms and ${sum.files} files of ${sum.bytes} bytes, and keep ${sum.kept} messages for holds. Nothing was changed.`,
  )
}

function describe(run: RunRecord): string {
  const how = run.outcome === null ? 'runs' : run.outcome.replace('_', ' ')
  const took = run.ended_at === null ? '' : `, ${seconds(run.ended_at.getTime() - run.started_at.getTime())}`
  const by = run.started_by === 'hand' ? ', by hand' : ''
  const error = run.error === null ? '' : `: ${run.error}`
  return `${run.started_at.toISOString()}  ${how}${took}${by} on ${run.process}${figures(run.result)}${error}`
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

function figures(result: JobResult | null | undefined): string {
  const known = Object.entries(result ?? {}).map(([name, value]) => `${name}: ${value}`)
  return known.length === 0 ? '' : ` (${known.join(', ')})`
}
