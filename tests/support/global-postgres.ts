/** One private PostgreSQL for the whole test run; each test file makes its own database in it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { host: string; port: number; user: string; database: string }
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-test-'))
  const errors: string[] = []
  const postgres = await startPostgres({
    dataDirectory: join(directory, 'postgres'),
    // Tests prove nothing about power cuts; without fsync a database is made in a tenth of the time.
    settings: { fsync: 'off', max_connections: '200' },
    log: (line, level) => level === 'error' && errors.push(line),
  })
  project.provide('postgres', postgres.connection)
  return async () => {
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
