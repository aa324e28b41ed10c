import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { startPostgres } from '../start-postgres.ts'

/**
 * An initialised cluster that is not running, for the tests of a file to start one after another: copies of
 * it cost a second each in fsync. Gone after the file's tests.
 */
export async function makeCluster(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'parley-test-')))
  const dataDirectory = join(directory, 'postgres')
  directories.push(directory)
  const postgres = await startPostgres({ dataDirectory, log: () => undefined })
  await postgres.stop()
  return dataDirectory
}

const directories: string[] = []
afterAll(() => Promise.all(directories.map((path) => rm(path, { recursive: true, force: true }))))
