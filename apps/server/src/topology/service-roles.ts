/**
 * Each service connects with a database role of its own that reaches its own schema and nothing else: what joins a
 * neighbour's tables fails on the first day, and a schema can move to another server. In a PostgreSQL that we start
 * ourselves every user of the socket is trusted; elsewhere the operator gives the roles their passwords.
 */
import type { MigrationSet } from '@parley/adapters/postgres/migrate'
import type { Database } from '@parley/contracts'

export function roleOf(schema: string): string {
  return `parley_${schema}`
}

/** After the migrations; repeating it changes nothing. */
export async function grantServiceRoles(database: Database, sets: readonly MigrationSet[]): Promise<void> {
  const { rows } = await database.query<{ rolname: string }>(
    `select rolname from pg_roles where rolname like 'parley\\_%'`,
  )
  const existing = new Set(rows.map(({ rolname }) => rolname))
  for (const { schema } of sets) {
    const role = roleOf(schema)
    await database.transaction(async (transaction) => {
      if (!existing.has(role)) await transaction.query(`create role ${role} login`)
      await transaction.query(`grant usage on schema parley to ${role}`)
      await transaction.query(`grant select on parley.migration to ${role}`)
      await transaction.query(`grant usage on schema ${schema} to ${role}`)
      await transaction.query(
        `grant select, insert, update, delete on all tables in schema ${schema} to ${role}`,
      )
      await transaction.query(`grant usage, select on all sequences in schema ${schema} to ${role}`)
    })
  }
}
