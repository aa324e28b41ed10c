/** The database as the operator's commands reach it: that of a running server, or one started for the moment. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DATABASE } from '@parley/adapters/embedded/postgres/initialise-cluster'
import { openDoorway } from '@parley/adapters/embedded/postgres/open-doorway'
import { SOCKET_PORT } from '@parley/adapters/embedded/postgres/server-settings'
import { startPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import { createDatabase, type DatabaseOptions } from '@parley/adapters/postgres/create-database'
import { migrate } from '@parley/adapters/postgres/migrate'
import { type Database, type Log, silentLog } from '@parley/contracts'
import { openDataDirectory } from '../data-directory.ts'
import type { SchemaName } from '../role.ts'
import { loadRoles } from '../roles.ts'
import type { Settings } from '../settings/table.ts'
import { databaseSettingOf, databaseUrlOf } from './demand-distributed.ts'
import { logPostgres } from './open-embedded-postgres.ts'
import { plainDatabaseError } from './plain-database-error.ts'

type Connection = DatabaseOptions['connection']
/** A command's own statements; two, so that one may wait for a lock. */
const CONNECTIONS_MAX = 2

/**
 * Runs `work` on a migrated database and closes what was opened for it. Throws plain errors for what a person can mend.
 *
 * @param schema the one that `work` needs, which may lie on a server of its own; all of them when left out.
 */
export async function withDatabase<Result>(
  settings: Settings,
  log: Log,
  work: (database: Database, migrated: number) => Promise<Result>,
  schema?: SchemaName,
): Promise<Result> {
  const url = urlOf(settings, schema)
  await using stack = new AsyncDisposableStack()
  try {
    const connection = await findConnection(settings, url, log, stack)
    const database = createDatabase({ connection, maxConnections: CONNECTIONS_MAX, log })
    stack.defer(() => database.close())
    const roles = await loadRoles(settings.roles)
    const sets = roles.flatMap(({ role }) => role.migrations ?? [])
    const here = sets.filter((set) => set.schema === schema || urlOf(settings, set.schema) === url)
    const migrated = await migrate(database, here, log)
    return await work(database, migrated)
  } catch (error) {
    throw plainDatabaseError(
      error,
      url,
      schema === undefined ? undefined : databaseSettingOf(settings, schema),
    )
  }
}

function urlOf(settings: Settings, schema: SchemaName | undefined): string | undefined {
  return schema === undefined ? settings.databaseUrl : databaseUrlOf(settings, schema)
}

async function findConnection(
  settings: Settings,
  url: string | undefined,
  log: Log,
  stack: AsyncDisposableStack,
): Promise<Connection> {
  if (url !== undefined) return url
  const data = await openDataDirectory(settings.data)
  const running = await findRunning(data.postgres, stack)
  if (running !== undefined) return running
  const postgres = await startPostgres({
    dataDirectory: data.postgres,
    log: (line, level) => logPostgres(log, line, level),
  })
  stack.defer(() => postgres.stop())
  return postgres.connection
}

/** The PostgreSQL of a server that runs on these data takes us too. */
async function findRunning(directory: string, stack: AsyncDisposableStack): Promise<Connection | undefined> {
  if ((await stat(join(directory, 'postmaster.pid')).catch(() => undefined)) === undefined) return undefined
  const doorway = await openDoorway(directory)
  stack.defer(() => doorway.close())
  const connection = { host: doorway.host, port: SOCKET_PORT, user: DATABASE, database: DATABASE }
  const trial = createDatabase({ connection, maxConnections: 1, log: silentLog })
  try {
    await trial.query('select 1')
    return connection
  } catch {
    // What a crash left behind.
    return undefined
  } finally {
    await trial.close()
  }
}
