import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Migration } from '@parley/contracts'

/** Reads `NNNN-name.sql` files of a folder, ascending by number. */
export function loadMigrations(directory: string): Migration[] {
  return readdirSync(directory)
    .filter((file) => /^\d{4}-.+\.sql$/.test(file))
    .sort()
    .map((file) => ({
      version: Number(file.slice(0, 4)),
      name: file.slice(5, -'.sql'.length),
      sql: readFileSync(join(directory, file), 'utf8'),
    }))
}
