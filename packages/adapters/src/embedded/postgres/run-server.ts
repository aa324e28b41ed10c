import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type Lifeline, launch, startWatchdog, type Watchdog } from '../../engines/launch.ts'
import type { Account } from './choose-account.ts'
import { PostgresStartFailed } from './errors.ts'
import { directoryArgument } from './initialise-cluster.ts'
import type { Binaries } from './prepare-binaries.ts'
import { readLog, type WriteLog } from './read-log.ts'
import { settlesWithin, stopServer } from './stop-server.ts'

export interface ServerEnd {
  readonly code: number | null
  readonly signal: string | null
}

export interface Server {
  readonly pid: number
  /** Resolves when the postmaster has ended, for whatever reason. */
  readonly ended: Promise<ServerEnd>
  /** Ends it and waits until its last words are logged. */
  stop(): Promise<void>
}

export interface RunOptions {
  readonly dataDirectory: string
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly lifeline: Lifeline
  /** As made by settingArguments. */
  readonly settings: readonly string[]
  readonly log: WriteLog
}

/** Recovery after a crash reads at most max_wal_size, but syncs every file first: slow on a slow disk. */
const READY_MAX_MS = 600_000
/** Backends of a killed postmaster may hold its stderr open for a moment. */
const LAST_WORDS_MS = 1_000
const READY = 'database system is ready to accept connections'

/**
 * Starts the postmaster on a cluster and returns when it takes connections.
 *
 * @throws PostgresStartFailed if it ends before that, or takes more than ten minutes.
 */
export async function runServer(options: RunOptions): Promise<Server> {
  const { dataDirectory, binaries, account, lifeline, settings, log } = options
  const watchdog = lifeline === 'watchdog' ? startWatchdog(account) : undefined
  const child = launch({
    command: binaries.postgres,
    args: ['-D', directoryArgument(dataDirectory, account), ...settings],
    cwd: dataDirectory,
    account,
    lifeline,
  })
  const ended = observeEnd(child, watchdog)
  const drained = once(child, 'close').catch(() => undefined)
  if (child.pid === undefined || child.stdout === null || child.stderr === null) {
    const failure = await ended
    throw new PostgresStartFailed(`${binaries.postgres} could not be run (${failure.signal}).`)
  }
  watchdog?.watch(child.pid)
  child.stdin?.end()

  const { promise: ready, resolve: tellReady } = Promise.withResolvers<true>()
  readLog(child.stdout, 'info', log)
  readLog(child.stderr, 'error', (line, level) => {
    log(line, level)
    if (line.endsWith(READY)) tellReady(true)
  })
  const stop = async (): Promise<void> => {
    await stopServer({ kill: (signal) => child.kill(signal), ended })
    await settlesWithin(drained, LAST_WORDS_MS)
  }

  if (!(await settlesWithin(Promise.race([ready, ended]), READY_MAX_MS))) {
    await stop()
    throw new PostgresStartFailed(`it was not ready after ${READY_MAX_MS / 60_000} minutes.`)
  }
  if (child.exitCode !== null || child.signalCode !== null) {
    await settlesWithin(drained, LAST_WORDS_MS)
    throw new PostgresStartFailed(`the server ended at once (${child.signalCode ?? child.exitCode}).`)
  }
  return { pid: child.pid, ended, stop }
}

function observeEnd(child: ChildProcess, watchdog: Watchdog | undefined): Promise<ServerEnd> {
  const { promise, resolve } = Promise.withResolvers<ServerEnd>()
  child.on('exit', (code, signal) => {
    watchdog?.release()
    resolve({ code, signal })
  })
  // The program could not be started: there will be no exit.
  child.on('error', (error) => {
    if (child.pid !== undefined) return
    watchdog?.release()
    resolve({ code: null, signal: error.message })
  })
  return promise
}
