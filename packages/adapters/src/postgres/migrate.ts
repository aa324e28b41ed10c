/** Applies each service's migrations once, in order, under one lock. */
import type { Database, Log, Migration, Queryable } from '@parley/contracts'

export interface MigrationSet {
  /** The service and its schema. */
  readonly schema: string
  readonly migrations: readonly Migration[]
}

/** The data were written by a newer Parley than this one. */
export class DataNewer extends Error {
  constructor(schema: string, found: number, known: number) {
    super(
      `The database schema "${schema}" is at version ${found}, but this Parley knows only up to ${known}. Start the newer Parley that made it.`,
    )
    this.name = 'DataNewer'
  }
}

/** Any number; the same for every Parley, so that two starts at the same moment take turns. */
const MIGRATION_LOCK = 7_265_539

/**
 * Creates schema and extensions where missing and applies what is not yet applied. Where nothing is missing the user
 * needs no more than to read `parley.migration`. Throws `DataNewer`. Returns how many were applied.
 */
export async function migrate(database: Database, sets: readonly MigrationSet[], log: Log): Promise<number> {
  if (await isCurrent(database, sets)) return 0
  return database.transaction(async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await prepare(transaction)
    let applied = 0
    for (const set of sets) applied += await migrateSchema(transaction, set, log)
    return applied
  })
}

async function isCurrent(database: Database, sets: readonly MigrationSet[]): Promise<boolean> {
  const { rows: tables } = await database.query<{ there: boolean }>(
    "select to_regclass('parley.migration') is not null as there",
  )
  if (tables[0]?.there !== true) return false
  const { rows } = await database.query<{ schema: string; version: number }>(
    'select schema, max(version) as version from parley.migration group by schema',
  )
  return sets.every(({ schema, migrations }) => {
    const newest = Math.max(0, ...migrations.map((migration) => migration.version))
    return rows.some((row) => row.schema === schema && row.version === newest)
  })
}

async function prepare(transaction: Queryable): Promise<void> {
  await transaction.query('create extension if not exists unaccent with schema public')
  await transaction.query('create extension if not exists pg_trgm with schema public')
  await transaction.query('create schema if not exists parley')
  await transaction.query(
    `create table if not exists parley.migration (
       schema text not null, version int not null, name text not null, at timestamptz not null default now(),
       primary key (schema, version))`,
  )
  // The folding of search, one for all services: without case and accents. `unaccent` is only STABLE because its
  // dictionary could be replaced; ours is named and shipped, so an index may rely on it.
  const { rows } = await transaction.query<{ there: boolean }>(
    "select to_regprocedure('public.parley_fold(text)') is not null as there",
  )
  if (rows[0]?.there === true) return
  await transaction.query(
    `create function public.parley_fold(text) returns text language sql immutable strict parallel safe
     as $$ select lower(public.unaccent('public.unaccent', normalize($1, NFC))) $$`,
  )
}

async function migrateSchema(transaction: Queryable, set: MigrationSet, log: Log): Promise<number> {
  await transaction.query(`create schema if not exists ${set.schema}`)
  const { rows } = await transaction.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from parley.migration where schema = $1',
    [set.schema],
  )
  const found = rows[0]?.version ?? 0
  const known = Math.max(0, ...set.migrations.map((migration) => migration.version))
  if (found > known) throw new DataNewer(set.schema, found, known)
  const pending = set.migrations
    .filter((migration) => migration.version > found)
    .sort((a, b) => a.version - b.version)
  for (const migration of pending) {
    await transaction.query(migration.sql)
    await transaction.query('insert into parley.migration (schema, version, name) values ($1, $2, $3)', [
      set.schema,
      migration.version,
      migration.name,
    ])
    log.info({ schema: set.schema, version: migration.version, name: migration.name }, 'migrated')
  }
  return pending.length
}
