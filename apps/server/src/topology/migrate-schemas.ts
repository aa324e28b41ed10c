/** What `parley migrate` does: each service's database, which may lie on a server of its own. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Database, Log, Queryable } from '@parley/contracts'
import { renewEpoch } from '@parley/services/rooms/renew-epoch'
import { PlainError } from '../plain-error.ts'
import { type SchemaName, schemaNames } from '../role.ts'
import type { Settings } from '../settings/table.ts'
import { databaseUrlOf } from './demand-distributed.ts'
import { HOLD_LOCK } from './hold-database.ts'
import { withDatabase } from './with-database.ts'

/** How many migrations were applied. Throws plain errors for what a person can mend. */
export async function migrateSchemas(settings: Settings, log: Log, newEpoch: boolean): Promise<number> {
  let others = 0
  for (const schema of oneOfEachDatabase(settings))
    others += await withDatabase(settings, log, async (_database, migrated) => migrated, schema)
  const work = async (database: Database, migrated: number) => {
    if (newEpoch) await renewWhereNobodyRuns(database)
    return migrated
  }
  return others + (await withDatabase(settings, log, work, 'rooms'))
}

/** A schema a database brings all of those along that lie in the same one. */
function oneOfEachDatabase(settings: Settings): SchemaName[] {
  const rooms = databaseUrlOf(settings, 'rooms')
  const found = new Map(schemaNames.map((schema) => [databaseUrlOf(settings, schema), schema]))
  return [...found].flatMap(([url, schema]) => (url === rooms ? [] : [schema]))
}

/** Connections that this very command has just closed may be seen for a moment. */
const ASK_TIMES = 10
const ASK_INTERVAL_MS = 100

async function renewWhereNobodyRuns(database: Database): Promise<void> {
  for (let asked = 1; ; asked++) {
    const renewed = await database.transaction(async (transaction) => {
      const free = await isFree(transaction)
      if (free) await renewEpoch(transaction)
      return free
    })
    if (renewed) return
    if (asked === ASK_TIMES) {
      throw new PlainError(
        'Parley runs on this database: stop every process of it, then give it a new epoch.',
      )
    }
    await delay(ASK_INTERVAL_MS)
  }
}

/** Who runs holds the lock, or, on the embedded PostgreSQL, which shows us everything, at least a connection. */
async function isFree(transaction: Queryable): Promise<boolean> {
  const { rows } = await transaction.query<{ free: boolean }>(
    `select pg_try_advisory_xact_lock(${HOLD_LOCK}) and not exists (
       select from pg_stat_activity
       where datname = current_database() and application_name = 'parley' and pid <> pg_backend_pid()) as free`,
  )
  return rows[0]?.free === true
}
