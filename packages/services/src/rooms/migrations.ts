import { join } from 'node:path'
import { loadMigrations } from '../shared/load-migrations.ts'

export const roomsMigrations = {
  schema: 'rooms' as const,
  migrations: loadMigrations(join(import.meta.dirname, 'sql')),
}
