import { access, constants, mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findLifeline, type Lifeline } from '../../engines/launch.ts'
import { awaitPredecessor } from './await-predecessor.ts'
import { chooseAccount } from './choose-account.ts'
import { DataDirectoryInUse, DataDirectoryNewer, PostgresStartFailed, systemCode } from './errors.ts'
import { findPackage } from './find-package.ts'
import { DATABASE, initialiseCluster, removeAbandonedDrafts } from './initialise-cluster.ts'
import { adoptCluster, inspectDirectory, locate } from './inspect-directory.ts'
import { openDoorway } from './open-doorway.ts'
import { prepareBinaries } from './prepare-binaries.ts'
import type { WriteLog } from './read-log.ts'
import { type RunOptions, runServer, type Server, type ServerEnd } from './run-server.ts'
import { SOCKET_PORT, settingArguments } from './server-settings.ts'

export { DataDirectoryInUse, DataDirectoryNewer, PostgresStartFailed }

export interface EmbeddedPostgres {
  /** For `pg`: the socket's directory as host; no TCP, no password. */
  readonly connection: { host: string; port: number; user: string; database: string }
  readonly pid: number
  /** Resolves when the server process ends without stop() having been asked. */
  readonly died: Promise<ServerEnd>
  /** Fast shutdown with a checkpoint; after 30 s harder, after 35 s by force. Idempotent; never rejects. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** The folder that PostgreSQL owns, e.g. `<PARLEY_DATA>/postgres`; made with mode 0700 when missing. */
  readonly dataDirectory: string
  /** Called with each line that PostgreSQL writes, without the line break. */
  readonly log: WriteLog
  /** PostgreSQL settings over our defaults; those that this folder relies on are refused. */
  readonly settings?: Readonly<Record<string, string>>
  /** How PostgreSQL is ended with us; found out by trying when left out. */
  readonly lifeline?: Lifeline
}

const LAST_LINES_MAX = 20
/** Root's copies of the binaries, where the data directory's parent is closed to others. */
const SYSTEM_CACHE = '/var/cache/parley'
/** Backends of a killed postmaster finish what they compute before they look whether it lives. */
const LEFTOVERS_MAX_MS = 10_000
const LEFTOVERS_POLL_MS = 100
const LEFTOVERS = 'pre-existing shared memory block'
const EMPTY_LOCK = 'lock file "postmaster.pid" is empty'
const TAKEN = 'lock file "postmaster.pid" already exists'

/**
 * Starts the embedded PostgreSQL: makes its cluster at the first start, recovers it after a crash. When this
 * process (or the thread that called) dies in any way, PostgreSQL shuts down by itself.
 *
 * @throws DataDirectoryInUse, DataDirectoryNewer, PostgresStartFailed
 */
export async function startPostgres(options: StartOptions): Promise<EmbeddedPostgres> {
  const lastLines: string[] = []
  const log: WriteLog = (line, level) => {
    lastLines.push(line)
    if (lastLines.length > LAST_LINES_MAX) lastLines.shift()
    options.log(line, level)
  }
  try {
    return await start({ ...options, log }, lastLines)
  } catch (error) {
    if (error instanceof DataDirectoryInUse || error instanceof DataDirectoryNewer) throw error
    throw new PostgresStartFailed(explain(error, lastLines), lastLines, error)
  }
}

async function start(options: StartOptions, lastLines: readonly string[]): Promise<EmbeddedPostgres> {
  const { log } = options
  const settings = settingArguments(options.settings)
  const lifeline = options.lifeline ?? (await findLifeline())
  await mkdir(dirname(resolve(options.dataDirectory)), { recursive: true })
  const dataDirectory = await locate(options.dataDirectory)
  const parent = dirname(dataDirectory)

  const installed = await findPackage()
  const account = await chooseAccount(dataDirectory)
  const caches = process.geteuid?.() === 0 ? [parent, SYSTEM_CACHE] : [parent]
  const found = await inspectDirectory(dataDirectory, installed.major)
  // Told apart here: later it would look like a failure of the binaries or of initdb.
  if (found === 'nothing') await access(parent, constants.W_OK)
  const binaries = await prepareBinaries(installed, account, caches)
  const common = { dataDirectory, binaries, account, lifeline, log }

  await removeAbandonedDrafts(dataDirectory, Date.now())
  if (found === 'nothing') await initialiseCluster(common)

  const doorway = await openDoorway(dataDirectory)
  try {
    await awaitPredecessor(dataDirectory, doorway.host)
    await adoptCluster(dataDirectory, account)
    const server = await runPastLeftovers({ ...common, settings }, lastLines)
    return present(server, doorway)
  } catch (error) {
    doorway.close()
    throw error
  }
}

async function runPastLeftovers(options: RunOptions, lastLines: readonly string[]): Promise<Server> {
  const started = performance.now()
  for (;;) {
    try {
      return await runServer(options)
    } catch (error) {
      const text = lastLines.slice(-3).join('\n')
      // Two that start at the same moment both see a free directory; PostgreSQL lets one of them in.
      if (text.includes(TAKEN)) throw new DataDirectoryInUse(options.dataDirectory, pidIn(text))
      // Another one has made its lock file and not yet written into it: a moment later it says who it is.
      const isStarting = text.includes(EMPTY_LOCK)
      if (!isStarting && !text.includes(LEFTOVERS)) throw error
      if (performance.now() - started > LEFTOVERS_MAX_MS) {
        throw new DataDirectoryInUse(options.dataDirectory, undefined)
      }
      await delay(LEFTOVERS_POLL_MS)
    }
  }
}

function pidIn(hint: string): number | undefined {
  const [, pid] = /\(PID (\d+)\)/.exec(hint) ?? []
  return pid === undefined ? undefined : Number(pid)
}

function present(server: Server, doorway: { host: string; close(): void }): EmbeddedPostgres {
  let stopped: Promise<void> | undefined
  const { promise: died, resolve: tellDied } = Promise.withResolvers<ServerEnd>()
  void server.ended.then((end) => {
    if (stopped === undefined) tellDied(end)
  })
  return {
    connection: { host: doorway.host, port: SOCKET_PORT, user: DATABASE, database: DATABASE },
    pid: server.pid,
    died,
    stop: () => {
      stopped ??= server.stop().finally(() => doorway.close())
      return stopped
    },
  }
}

/** One sentence for a person, from an errno or from PostgreSQL's last words. */
function explain(error: unknown, lastLines: readonly string[]): string {
  const reason =
    error instanceof Error
      ? error.message.replace(/^The embedded PostgreSQL could not start: /, '')
      : `${error}`
  const said = lastLines.join('\n')
  const hints: [RegExp, string][] = [
    [
      /No space left on device|ENOSPC/,
      'The disk is full: free some space, or choose another data directory.',
    ],
    [/EACCES|EPERM|Permission denied/, 'Check who may write to the data directory and the folders above it.'],
    [/EEXIST|ENOTDIR/, 'A file is in the way of the data directory: choose another one.'],
    // Node says ENOENT for a recursive mkdir on a read-only file system.
    [
      /EROFS|ENOENT.*mkdir|Read-only file system/,
      'The file system is read-only: choose another data directory, or mount one that can be written.',
    ],
    [
      /could not look up effective user ID/,
      'PostgreSQL needs this user id to have a name in /etc/passwd for its first start.',
    ],
    [/has wrong ownership/, 'Start Parley as the user who owns the data directory.'],
  ]
  const hint = hints.find(([pattern]) => pattern.test(`${reason}\n${said}`))?.[1]
  const code = systemCode(error)
  const sentence = code === undefined || reason.includes(code) ? reason : `${reason} (${code})`
  return hint === undefined ? sentence : `${sentence.replace(/\.$/, '')}. ${hint}`
}
