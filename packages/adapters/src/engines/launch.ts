import { type ChildProcess, execFile, spawn } from 'node:child_process'
import type { Account } from '../embedded/postgres/choose-account.ts'

/**
 * What ends an engine when we are killed without a chance to say so.
 * `kernel`: the kernel signals it when the thread that started it is gone (Linux, util-linux `setpriv`).
 * `watchdog`: a small shell that sees its pipe from us close, and signals it.
 */
export type Lifeline = 'kernel' | 'watchdog'

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** Entered before the account is changed, so it may lie where only we can go. */
  readonly cwd: string
  readonly account: Account | undefined
  readonly lifeline: Lifeline
  /** By which the lifeline ends it; SIGINT by default. */
  readonly signal?: LifelineSignal
  /** All it is given; `environment()` by default. */
  readonly env?: NodeJS.ProcessEnv
}

/** `INT` for who has something to finish; `KILL` where that is nothing, and it must end even when it is frozen. */
export type LifelineSignal = 'INT' | 'KILL'

/** BusyBox has a `setpriv` without `--pdeathsig`, so ask by trying. */
export function findLifeline(): Promise<Lifeline> {
  if (process.platform !== 'linux') return Promise.resolve('watchdog')
  const { promise, resolve } = Promise.withResolvers<Lifeline>()
  execFile('setpriv', ['--pdeathsig', 'INT', '/bin/sh', '-c', ':'], { env: environment() }, (error) =>
    resolve(error === null ? 'kernel' : 'watchdog'),
  )
  return promise
}

/**
 * The kernel forgets the wish when a process changes its uid, so setpriv runs after the change. Between our
 * fork and its prctl we may already have died; the shell looks who its parent is and does not go on.
 */
const UNLESS_ORPHANED = 'test "$PPID" = "$1" || exit 1; shift; exec "$@"'

/** Starts a program; with the `kernel` lifeline it is sent `signal` when the calling thread ends. */
export function launch(options: Launch): ChildProcess {
  const { command, args, cwd, account, lifeline, signal = 'INT', env = environment() } = options
  const tied = ['--pdeathsig', signal, '/bin/sh', '-c', UNLESS_ORPHANED, 'launch', `${process.pid}`, command]
  const [file, argv] = lifeline === 'kernel' ? ['setpriv', [...tied, ...args]] : [command, [...args]]
  return spawn(file, argv, {
    cwd,
    ...account,
    env,
    // Its own session: Ctrl-C in the terminal is for us alone, who still have writes to finish.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Given a signal, waits to be told whom to watch, then for the pipe to close. A shell, because it costs 0.2 MB. */
const WATCH = 'read -r pid; read -r end; test -n "$pid" && kill -s "$1" "$pid"'

export interface Watchdog {
  watch(pid: number): void
  /** Must be called once the watched process has ended: its number may be given to another. */
  release(): void
}

/** Started before the process it watches, so that only the moment between spawn and `watch` is unguarded. */
export function startWatchdog(account: Account | undefined, signal: LifelineSignal = 'INT'): Watchdog {
  const shell = spawn('/bin/sh', ['-c', WATCH, 'watch', signal], {
    cwd: '/',
    ...account,
    env: environment(),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  return {
    watch: (pid) => shell.stdin.write(`${pid}\n`),
    release: () => shell.kill('SIGKILL'),
  }
}

/** Starts a program as our own user that ends with us, by whichever lifeline there is. */
export async function launchTied(options: Omit<Launch, 'account' | 'lifeline'>): Promise<ChildProcess> {
  const lifeline = await findLifeline()
  const watchdog = lifeline === 'watchdog' ? startWatchdog(undefined, options.signal) : undefined
  const child = launch({ ...options, account: undefined, lifeline })
  if (child.pid !== undefined) watchdog?.watch(child.pid)
  child.once('exit', () => watchdog?.release())
  // The program could not be started: there will be no exit.
  child.once('error', () => {
    if (child.pid === undefined) watchdog?.release()
  })
  return child
}

/**
 * Nothing of ours is handed down: PGDATA, PGPORT, PGOPTIONS, LC_ALL or LD_LIBRARY_PATH of the person's shell
 * would change what PostgreSQL does. TZ spares initdb its search for the machine's time zone.
 */
export function environment(): NodeJS.ProcessEnv {
  return { PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin`, TZ: 'UTC' }
}
