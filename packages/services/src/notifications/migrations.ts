import { join } from 'node:path'
import { loadMigrations } from '../shared/load-migrations.ts'

export const notificationsMigrations = {
  schema: 'notifications' as const,
  migrations: loadMigrations(join(import.meta.dirname, 'sql')),
}
