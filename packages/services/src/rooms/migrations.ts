import { join } from 'node:path'
import { loadMigrations } from '../shared/load-migrations.ts'

export const roomsMigrations = {
  schema: 'rooms',
  migrations: loadMigrations(join(import.meta.dirname, 'sql')),
}
