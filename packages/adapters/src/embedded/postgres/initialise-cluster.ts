import { chown, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Lifeline, launch } from '../../engines/launch.ts'
import { isAlive } from './await-predecessor.ts'
import type { Account } from './choose-account.ts'
import { PostgresStartFailed, systemCode } from './errors.ts'
import type { Binaries } from './prepare-binaries.ts'
import { readLog, type WriteLog } from './read-log.ts'

export const DATABASE = 'parley'

/** No step takes so long on any disk we would want; a draft that is older belongs to nobody. */
const STEP_MAX_MS = 120_000

const INITDB = [
  `--username=${DATABASE}`,
  '--encoding=UTF8',
  // Sorting and upper case by the builtin provider: the same on every machine and after every upgrade of its
  // libc. The libc part matters to pg_trgm: with plain C it drops Vietnamese and CJK letters.
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  `--locale=${process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'}`,
  '--data-checksums',
  // No passwords, only because nobody else can knock: the socket lies in the data directory, mode 0700, the
  // socket itself is 0700, and there is no TCP port. If there ever were one, it would be refused.
  '--auth-local=trust',
  '--auth-host=reject',
  '--no-instructions',
]

export interface InitialiseOptions {
  readonly dataDirectory: string
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly lifeline: Lifeline
  readonly log: WriteLog
}

/**
 * Makes a cluster with an empty database `parley`, owned by its superuser `parley`. It is made in a sibling,
 * `<dataDirectory>.init-…`, and renamed, so the directory holds a whole cluster or none.
 *
 * @throws PostgresStartFailed, or the system's error; nothing is left behind in either case.
 */
export async function initialiseCluster(options: InitialiseOptions): Promise<void> {
  const { dataDirectory, binaries, account } = options
  const draft = await mkdtemp(`${dataDirectory}.init-${process.pid}-`)
  try {
    if (account !== undefined) await chown(draft, account.uid, account.gid)
    const target = directoryArgument(draft, account)
    await run(options, draft, binaries.initdb, [...INITDB, `--pgdata=${target}`])
    // Renaming costs nothing; CREATE DATABASE would copy 7 MB. PostgreSQL itself needs no `postgres`.
    const single = ['--single', '-D', target, '-c', 'io_method=sync', 'template1']
    await run(options, draft, binaries.postgres, single, `ALTER DATABASE postgres RENAME TO ${DATABASE}\n`)
    await rename(draft, dataDirectory).catch((error: unknown) => {
      const code = systemCode(error) ?? ''
      // Another start was faster: its cluster is whole too, and who may have it is decided next.
      if (['ENOTEMPTY', 'EEXIST'].includes(code)) return
      if (!['EXDEV', 'EBUSY'].includes(code)) throw error
      throw new PostgresStartFailed(
        `${dataDirectory} is itself a mount point. Use a directory inside it.`,
        [],
        error,
      )
    })
    await syncDirectory(dirname(dataDirectory))
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/**
 * How PostgreSQL is told its directory. Where only root can enter the parents, an absolute path is closed to
 * the account; a process can still work in the directory it was started in.
 */
export function directoryArgument(directory: string, account: Account | undefined): string {
  return account !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : directory
}

async function run(
  { account, lifeline, log }: InitialiseOptions,
  cwd: string,
  command: string,
  args: readonly string[],
  input = '',
): Promise<void> {
  const child = launch({ command, args, cwd, account, lifeline })
  const { promise, resolve, reject } = Promise.withResolvers<number | string>()
  child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal ?? 'an unknown end'))
  // In single-user mode a failed statement does not change the exit code.
  let failed = false
  const watch: WriteLog = (line, level) => {
    failed ||= level === 'error'
    log(line, level)
  }
  if (child.stdout !== null) readLog(child.stdout, 'info', watch)
  if (child.stderr !== null) readLog(child.stderr, 'error', watch)
  // A program that ended early does not read; its exit tells why.
  child.stdin?.on('error', () => undefined).end(input)
  const timeout = setTimeout(() => child.kill('SIGKILL'), STEP_MAX_MS)
  try {
    const code = await promise
    if (code !== 0 || failed) throw new PostgresStartFailed(`${basename(command)} failed (${code}).`)
  } finally {
    clearTimeout(timeout)
  }
}

/**
 * Removes what a Parley left that was killed in its first second: drafts whose maker is dead, or too old to
 * be in the making (its number may be another's by now).
 */
export async function removeAbandonedDrafts(dataDirectory: string, now: number): Promise<void> {
  const [parent, prefix] = [dirname(dataDirectory), `${basename(dataDirectory)}.init-`]
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue
    const path = join(parent, name)
    const changed = (await stat(path).catch(() => undefined))?.ctimeMs ?? now
    const maker = Number.parseInt(name.slice(prefix.length), 10)
    if (!(maker > 0 && isAlive(maker)) || now - changed > 2 * STEP_MAX_MS) {
      await rm(path, { recursive: true, force: true })
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
