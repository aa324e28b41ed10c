import { join } from 'node:path'
import { loadMigrations } from '../shared/load-migrations.ts'

export const callsMigrations = {
  schema: 'calls' as const,
  migrations: loadMigrations(join(import.meta.dirname, 'sql')),
}
