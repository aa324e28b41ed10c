/** The `Database` port over `pg`: a pool whose int8 columns are numbers. */
import type { Database, Log, Queryable, QueryResult } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import pg from 'pg'

export interface DatabaseOptions {
  /** A URL, or a socket directory and database as `startPostgres` gives them. */
  readonly connection: string | { host: string; port: number; user: string; database: string }
  readonly maxConnections: number
  readonly log: Log
}

/** How long a query waits for a connection before the caller is told `unavailable`. */
const CONNECT_TIMEOUT_MS = 5_000
const IDLE_CONNECTION_MS = 30_000

const INT8 = 20
const NUMERIC = 1700

/** int8 and numeric as numbers: sequence numbers stay far below 2^53. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    if ((oid === INT8 || oid === NUMERIC) && format !== 'binary') return Number
    return pg.types.getTypeParser(oid, format ?? 'text')
  },
} as pg.CustomTypesConfig

/** SQLSTATE classes and codes of a server that is not there or not ready; the statement's fate is unknown. */
const AWAY = /^(08|57P0[123]|53)/
const AWAY_SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EACCES'])

/** Errors of an absent or exhausted server become `unavailable`; all others pass as they are. */
function translate(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = (error as { code?: unknown }).code
  const away =
    (typeof code === 'string' && (AWAY.test(code) || AWAY_SYSTEM.has(code))) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/.test(
      error.message,
    )
  return away ? new ParleyError('unavailable', { cause: error, retryAfterMs: 1_000 }) : error
}

function queryable(client: pg.Pool | pg.PoolClient): Queryable {
  return {
    async query<Row>(
      text: string,
      values: readonly unknown[] = [],
      name?: string,
    ): Promise<QueryResult<Row>> {
      try {
        const result = await client.query({
          text,
          values: values as unknown[],
          ...(name === undefined ? {} : { name }),
        })
        return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 }
      } catch (error) {
        throw translate(error)
      }
    },
  }
}

export function createDatabase(options: DatabaseOptions): Database {
  const target =
    typeof options.connection === 'string' ? { connectionString: options.connection } : options.connection
  const pool = new pg.Pool({
    ...target,
    max: options.maxConnections,
    types,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    application_name: 'parley',
  })
  let closing = false
  // An idle connection that breaks is only news: the next query opens another one.
  pool.on('error', (error) => {
    if (!closing) options.log.warn({ error: error.message }, 'database connection lost')
  })

  // Its end may come in the same packet as its beginning: before whoever asked for it can listen, and when the pool does
  // no longer. Without anybody who listens that would end the process; the first statement says it anyway.
  pool.on('connect', (client) => client.on('error', () => undefined))

  return {
    ...queryable(pool),
    async transaction(work) {
      const client = await pool.connect().catch((error: unknown) => {
        throw translate(error)
      })
      let broken: Error | undefined
      // The pool listens to idle connections only: one that breaks between two statements would end the process.
      const onBroken = (error: Error): void => {
        broken = error
      }
      client.on('error', onBroken)
      try {
        await client.query('begin')
        const result = await work(queryable(client))
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback').catch((failure: unknown) => {
          broken = failure instanceof Error ? failure : new Error(String(failure))
        })
        throw translate(error)
      } finally {
        client.off('error', onBroken)
        client.release(broken)
      }
    },
    close() {
      closing = true
      return pool.end()
    },
  }
}
