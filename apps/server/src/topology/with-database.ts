/** The database as the operator's commands reach it: that of a running server, or one started for the moment. */
import { DATABASE } from '@parley/adapters/embedded/postgres/initialise-cluster'
import { openDoorway } from '@parley/adapters/embedded/postgres/open-doorway'
import { SOCKET_PORT } from '@parley/adapters/embedded/postgres/server-settings'
import { DataDirectoryInUse, startPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import { createDatabase, type DatabaseOptions } from '@parley/adapters/postgres/create-database'
import { migrate } from '@parley/adapters/postgres/migrate'
import type { Database, Log } from '@parley/contracts'
import { openDataDirectory } from '../data-directory.ts'
import { loadRoles } from '../roles.ts'
import type { Settings } from '../settings/table.ts'
import { logPostgres } from './open-embedded-postgres.ts'
import { plainDatabaseError } from './plain-database-error.ts'

type Connection = DatabaseOptions['connection']
/** A command's own statements; two, so that one may wait for a lock. */
const CONNECTIONS_MAX = 2

/** Runs `work` on a migrated database and closes what was opened for it. Throws plain errors for what a person can mend. */
export async function withDatabase<Result>(
  settings: Settings,
  log: Log,
  work: (database: Database, migrated: number) => Promise<Result>,
): Promise<Result> {
  await using stack = new AsyncDisposableStack()
  try {
    const connection = await findConnection(settings, log, stack)
    const database = createDatabase({ connection, maxConnections: CONNECTIONS_MAX, log })
    stack.defer(() => database.close())
    const roles = await loadRoles(settings.roles)
    const migrated = await migrate(
      database,
      roles.flatMap(({ role }) => role.migrations ?? []),
      log,
    )
    return await work(database, migrated)
  } catch (error) {
    throw plainDatabaseError(error, settings.databaseUrl)
  }
}

async function findConnection(
  settings: Settings,
  log: Log,
  stack: AsyncDisposableStack,
): Promise<Connection> {
  if (settings.databaseUrl !== undefined) return settings.databaseUrl
  const data = await openDataDirectory(settings.data)
  try {
    const postgres = await startPostgres({
      dataDirectory: data.postgres,
      log: (line, level) => logPostgres(log, line, level),
    })
    stack.defer(() => postgres.stop())
    return postgres.connection
  } catch (error) {
    if (!(error instanceof DataDirectoryInUse)) throw error
    // A server runs on these data: its PostgreSQL takes us too.
    const doorway = await openDoorway(data.postgres)
    stack.defer(() => doorway.close())
    return { host: doorway.host, port: SOCKET_PORT, user: DATABASE, database: DATABASE }
  }
}
