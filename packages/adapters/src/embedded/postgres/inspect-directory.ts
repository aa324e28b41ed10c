import { lchown, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Account } from './choose-account.ts'
import { DataDirectoryNewer, PostgresStartFailed, systemCode } from './errors.ts'

/** The real path of a directory that need not exist; its parent must. */
export async function locate(dataDirectory: string): Promise<string> {
  const path = resolve(dataDirectory)
  try {
    return await realpath(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    return join(await realpath(dirname(path)), basename(path))
  }
}

/**
 * What a data directory holds: a cluster of our major version, or nothing yet (missing or empty).
 *
 * @throws DataDirectoryNewer, or PostgresStartFailed for an older cluster or for other people's files.
 */
export async function inspectDirectory(dataDirectory: string, ours: number): Promise<'cluster' | 'nothing'> {
  const version = await readFile(join(dataDirectory, 'PG_VERSION'), 'utf8').catch(ignoreMissing)
  if (version === undefined) {
    const names = (await readdir(dataDirectory).catch(ignoreMissing)) ?? []
    if (names.length === 0) return 'nothing'
    throw new PostgresStartFailed(
      `${dataDirectory} is not empty and holds no PostgreSQL data. Choose an empty or a new directory.`,
    )
  }
  const found = Number.parseInt(version, 10)
  if (found > ours) throw new DataDirectoryNewer(dataDirectory, found, ours)
  if (found === ours) return 'cluster'
  throw new PostgresStartFailed(
    `${dataDirectory} was made by PostgreSQL ${version.trim()}, and this Parley runs ${ours}. Take the data over with the Parley that made it (dump and restore).`,
  )
}

/** A backup restored by root belongs to root, and PostgreSQL would refuse it. */
export async function adoptCluster(dataDirectory: string, account: Account | undefined): Promise<void> {
  if (account === undefined || (await stat(dataDirectory)).uid === account.uid) return
  await lchown(dataDirectory, account.uid, account.gid)
  for (const entry of await readdir(dataDirectory, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid)
  }
}

function ignoreMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error
}
