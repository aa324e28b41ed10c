/** Whether the database of these settings could be had, without starting a server; for `parley doctor`. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findPackage } from '@parley/adapters/embedded/postgres/find-package'
import { linkLibraries } from '@parley/adapters/embedded/postgres/prepare-binaries'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { silentLog } from '@parley/contracts'
import { PlainError } from '../plain-error.ts'
import { plainDatabaseError } from './plain-database-error.ts'

const run = promisify(execFile)
const TRIAL_TIMEOUT_MS = 10_000
const LOWEST_MAJOR = 15

/** Version of the embedded PostgreSQL, whose libraries all load. Throws an error that says what is missing. */
export async function checkEmbeddedPostgres(): Promise<string> {
  const { native } = await findPackage()
  await linkLibraries(native)
  try {
    const { stdout } = await run(join(native, 'bin', 'postgres'), ['--version'], {
      timeout: TRIAL_TIMEOUT_MS,
    })
    return stdout.trim()
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim()
    throw new PlainError(`the embedded PostgreSQL does not run (${said || (error as Error).message})`)
  }
}

/** Version of the PostgreSQL behind the URL of this setting. Throws `PlainError`. */
export async function checkDatabaseUrl(url: string, setting?: string): Promise<string> {
  const database = createDatabase({ connection: url, maxConnections: 1, log: silentLog })
  try {
    const { rows } = await database.query<{ version: number; text: string }>(
      `select current_setting('server_version_num')::int / 10000 as version, version() as text`,
    )
    const version = rows[0]?.version ?? 0
    if (version < LOWEST_MAJOR)
      throw new PlainError(`PostgreSQL ${version} is too old: Parley needs ${LOWEST_MAJOR} or newer.`)
    return `PostgreSQL ${version}`
  } catch (error) {
    throw plainDatabaseError(error, url, setting)
  } finally {
    await database.close()
  }
}
