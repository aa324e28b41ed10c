/** A database of one's own inside the test run's PostgreSQL, dropped at the end. */
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { type MigrationSet, migrate } from '@parley/adapters/postgres/migrate'
import { createIds, type Database, silentLog } from '@parley/contracts'
import { inject } from 'vitest'

export interface TestDatabase {
  readonly database: Database
  readonly connection: { host: string; port: number; user: string; database: string }
  drop(): Promise<void>
}

export async function createTestDatabase(
  sets: readonly MigrationSet[],
  maxConnections = 8,
): Promise<TestDatabase> {
  const server = inject('postgres')
  const name = `test_${createIds()()}`
  const admin = createDatabase({ connection: server, maxConnections: 1, log: silentLog })
  await admin.query(`create database ${name}`)
  const connection = { ...server, database: name }
  const database = createDatabase({ connection, maxConnections, log: silentLog })
  await migrate(database, sets, silentLog)
  return {
    database,
    connection,
    async drop() {
      await database.close()
      await admin.query(`drop database ${name} with (force)`)
      await admin.close()
    },
  }
}
