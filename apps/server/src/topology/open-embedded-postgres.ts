/** The embedded PostgreSQL of a data directory, kept alive, its words in our log. */
import { statfs } from 'node:fs/promises'
import { startPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import type { Clock, Log } from '@parley/contracts'
import type { DataDirectory } from '../data-directory.ts'
import { type SupervisedPostgres, supervisePostgres } from './supervise-postgres.ts'

export interface OpenOptions {
  readonly data: DataDirectory
  readonly log: Log
  readonly clock: Clock
  readonly onGivenUp: (reason: Error) => void
  /** PostgreSQL settings over our defaults. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Two segments of PostgreSQL's log: what recovery after a crash writes. */
const ROOM_BYTES = 32 * 1024 * 1024

/** Throws `DataDirectoryInUse`, `DataDirectoryNewer` or `PostgresStartFailed`. */
export function openEmbeddedPostgres({
  data,
  log,
  clock,
  onGivenUp,
  settings,
}: OpenOptions): Promise<SupervisedPostgres> {
  return supervisePostgres({
    clock,
    log,
    onGivenUp,
    async hasRoom() {
      const { bavail, bsize } = await statfs(data.path)
      return bavail * bsize >= ROOM_BYTES
    },
    start: () =>
      startPostgres({
        dataDirectory: data.postgres,
        ...(settings === undefined ? {} : { settings }),
        log: (line, level) => logPostgres(log, line, level),
      }),
  })
}

/** What PostgreSQL reports of its ordinary life is for those who look for it. */
export function logPostgres(log: Log, line: string, level: 'info' | 'warn' | 'error'): void {
  log[level === 'info' ? 'debug' : level]({ from: 'postgres' }, line)
}
