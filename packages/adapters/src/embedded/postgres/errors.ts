/**
 * Why the embedded PostgreSQL did not start. Each message is one clear sentence or two: what is wrong and
 * what a person can do about it.
 */

/** A living server already owns the directory: ours, or one that somebody started by hand. */
export class DataDirectoryInUse extends Error {
  override readonly name = 'DataDirectoryInUse'
  readonly code = 'data_directory_in_use'
  /** Process id of the owner; undefined when it lives where we cannot see it (another container). */
  readonly pid: number | undefined

  constructor(dataDirectory: string, pid: number | undefined) {
    const owner = pid === undefined ? 'another PostgreSQL server' : `PostgreSQL process ${pid}`
    const remedy =
      pid === undefined
        ? 'Stop the program (or container) that uses it'
        : `Stop the Parley that runs it (or end it with: kill -INT ${pid})`
    super(`${dataDirectory} is in use by ${owner}. ${remedy}, or choose another data directory.`)
    this.pid = pid
  }
}

/** The directory was written by a newer PostgreSQL than the one we carry. */
export class DataDirectoryNewer extends Error {
  override readonly name = 'DataDirectoryNewer'
  readonly code = 'data_directory_newer'

  constructor(dataDirectory: string, found: number, ours: number) {
    super(
      `${dataDirectory} was made by PostgreSQL ${found}, newer than the ${ours} of this Parley. Use the version of Parley that made it, or choose another data directory.`,
    )
  }
}

/** Everything else. `lastLines` (at most 20) is what PostgreSQL said before it gave up. */
export class PostgresStartFailed extends Error {
  override readonly name = 'PostgresStartFailed'
  readonly code = 'postgres_start_failed'
  readonly lastLines: readonly string[]

  constructor(reason: string, lastLines: readonly string[] = [], cause?: unknown) {
    const said = lastLines.length === 0 ? '' : `\nPostgreSQL said:\n  ${lastLines.join('\n  ')}`
    super(`The embedded PostgreSQL could not start: ${reason}${said}`, { cause })
    this.lastLines = lastLines
  }
}

/** The errno name (`EACCES`, `ENOENT`, …) of a failed system call; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined
}
