import { join } from 'node:path'
import { loadMigrations } from '../shared/load-migrations.ts'

export const filesMigrations = {
  schema: 'files' as const,
  migrations: loadMigrations(join(import.meta.dirname, 'sql')),
}
