/**
 * One private PostgreSQL for the whole test run; each test file makes its own database in it. And an empty cluster, for
 * servers under test to begin with: making one anew takes each of them a second of a processor.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { host: string; port: number; user: string; database: string }
    /** Directory of a stopped cluster as a first start leaves it, to be copied with its owner. */
    emptyCluster: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-test-'))
  const errors: string[] = []
  const log = (line: string, level: string) => level === 'error' && errors.push(line)
  const [emptyCluster, dataDirectory] = [join(directory, 'empty'), join(directory, 'postgres')]
  await (await startPostgres({ dataDirectory: emptyCluster, settings: { fsync: 'off' }, log })).stop()
  await promisify(execFile)('cp', ['-a', emptyCluster, dataDirectory])
  const postgres = await startPostgres({
    dataDirectory,
    // Tests prove nothing about power cuts; without fsync a database is made in a tenth of the time.
    settings: { fsync: 'off', max_connections: '200' },
    log,
  })
  project.provide('postgres', postgres.connection)
  project.provide('emptyCluster', emptyCluster)
  return async () => {
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
