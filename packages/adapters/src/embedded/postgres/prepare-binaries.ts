import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { environment } from '../../engines/launch.ts'
import type { Account } from './choose-account.ts'
import { PostgresStartFailed, systemCode } from './errors.ts'
import type { BinaryPackage } from './find-package.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const TRIAL_TIMEOUT_MS = 10_000
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS'])
/** Parts of the package that only compilers want. */
const NOT_COPIED = /\.a$|\/pgxs$|\/pkgconfig$/

/**
 * Makes PostgreSQL runnable for the account, in the installed package if possible, else in a copy that is
 * kept for the next start: in the first of `cacheDirectories` that the account can enter and we can write.
 *
 * A copy is needed when npm ran no install scripts (npm 12's default) and node_modules is read-only, or when
 * we are root in a directory that only root can enter.
 */
export async function prepareBinaries(
  { native, label }: BinaryPackage,
  account: Account | undefined,
  cacheDirectories: readonly string[],
): Promise<Binaries> {
  if ((await linkLibraries(native)) && (await runs(native, account))) return binariesIn(native)
  for (const parent of cacheDirectories) {
    const copy = join(parent, `postgresql-${label}`)
    try {
      await mkdir(parent, { recursive: true })
      if (!(await canEnter(parent, account))) continue
      if (!(await isTrusted(copy))) await copyPackage(native, copy)
    } catch (error) {
      if (READ_ONLY.has(systemCode(error) ?? '')) continue
      throw error
    }
    if (await runs(copy, account)) return binariesIn(copy)
  }
  const reason = await complaint(native, account)
  throw new PostgresStartFailed(
    `its binaries do not run in ${native}, nor in a copy in ${cacheDirectories.join(' or ')} (${reason}).`,
  )
}

function binariesIn(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
}

/**
 * npm packages cannot hold symbolic links, so the package lists them in a file: `native/lib/libpq.so.5.18`
 * as the source of `native/lib/libpq.so.5`.
 *
 * @returns false if one is missing and the place is read-only.
 */
export async function linkLibraries(native: string): Promise<boolean> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  )
  const root = dirname(native)
  for (const { source, target } of links) {
    const points = relative(dirname(target), source)
    const path = join(root, target.replace(/^native\//, `${basename(native)}/`))
    if ((await readlink(path).catch(() => undefined)) === points) continue
    try {
      await rm(path, { force: true })
      await symlink(points, path)
    } catch (error) {
      if (READ_ONLY.has(systemCode(error) ?? '')) return false
      // Two processes starting at once make the same links.
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
  return true
}

/** Complete or absent: the copy is made beside its place and renamed into it. */
async function copyPackage(native: string, copy: string): Promise<void> {
  const draft = await mkdtemp(`${copy}.draft-`)
  try {
    await cp(native, draft, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (path) => !NOT_COPIED.test(path),
    })
    await openToAll(draft)
    await linkLibraries(draft)
    await rename(draft, copy)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // Another process was faster; its copy is as good, if it can be trusted.
    if (!['EEXIST', 'ENOTEMPTY'].includes(systemCode(error) ?? '') || !(await isTrusted(copy))) throw error
  }
}

/** Root's npm may run with a umask that shuts everybody else out of what it installs. */
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const executable = entry.isDirectory() || basename(entry.parentPath) === 'bin'
    await chmod(path, executable ? 0o755 : 0o644)
  }
}

/** A copy that somebody else owns or can write to is not run: it could have been planted. */
async function isTrusted(copy: string): Promise<boolean> {
  const found = await lstat(copy).catch(() => undefined)
  if (found === undefined) return false
  const ours = found.uid === 0 || found.uid === process.geteuid?.()
  if (found.isDirectory() && ours && (found.mode & 0o022) === 0) return true
  throw new PostgresStartFailed(`${copy} is not ours alone to write. Remove it; it will be made again.`)
}

async function canEnter(directory: string, account: Account | undefined): Promise<boolean> {
  return (await tryOut('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], account)) === undefined
}

async function runs(native: string, account: Account | undefined): Promise<boolean> {
  return (await complaint(native, account)) === undefined
}

function complaint(native: string, account: Account | undefined): Promise<string | undefined> {
  return tryOut(binariesIn(native).postgres, ['--version'], account)
}

/** Runs a program as the account; resolves to its complaint, or to undefined if it had none. */
function tryOut(file: string, args: string[], account: Account | undefined): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const options = { ...account, cwd: '/', env: environment(), timeout: TRIAL_TIMEOUT_MS }
  execFile(file, args, options, (error, _stdout, stderr) => {
    resolve(error === null ? undefined : stderr.trim() || error.message)
  })
  return promise
}
