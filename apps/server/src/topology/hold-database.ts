/**
 * One process of the embedded topology a database: a second one would not hear the first one's bus.
 *
 * The embedded PostgreSQL guards its own directory; a database reached by URL is guarded by an advisory lock that
 * one connection holds in an open transaction. That transaction has no snapshot and no id, so it holds nothing
 * back; a short query every few seconds keeps idle limits away from it.
 */
import type { Clock, Database, Log } from '@parley/contracts'
import { PlainError } from '../plain-error.ts'

/** Any number; the same for every Parley. */
export const HOLD_LOCK = 7_265_540
const KEEP_ALIVE_MS = 10_000
const RETRY_MS = 1_000

export interface DatabaseHold {
  release(): Promise<void>
}

export interface HoldOptions {
  /** Keeps one of its connections for itself. */
  readonly database: Database
  /** Together with others that share it: the processes of a distributed deployment. False when left out. */
  readonly shared?: boolean
  readonly clock: Clock
  readonly log: Log
  /** The connection was cut, and meanwhile another Parley took the database. */
  readonly onLost: (reason: Error) => void
}

class Held extends Error {}

/** Throws `PlainError` when another Parley runs on this database, and `unavailable` when it cannot be reached. */
export async function holdDatabase({
  database,
  shared = false,
  clock,
  log,
  onLost,
}: HoldOptions): Promise<DatabaseHold> {
  let wake: () => void = () => {}
  let isReleased = false
  const first = Promise.withResolvers<void>()

  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })

  const holdOnce = (): Promise<void> =>
    database.transaction(async (transaction) => {
      // Without parameters, so that it is a simple query: the portal of another kind would keep its snapshot.
      const { rows } = await transaction.query<{ taken: boolean }>(
        `select pg_try_advisory_xact_lock${shared ? '_shared' : ''}(${HOLD_LOCK}) as taken`,
      )
      if (rows[0]?.taken !== true) throw new Held()
      first.resolve()
      while (!isReleased) {
        await pause(KEEP_ALIVE_MS)
        if (!isReleased) await transaction.query('select 1')
      }
    })

  async function holdForEver(): Promise<void> {
    while (!isReleased) {
      try {
        await holdOnce()
      } catch (error) {
        if (error instanceof Held) {
          const reason = new PlainError(
            shared
              ? 'A Parley of the embedded topology runs on this database: stop it first.'
              : 'Another Parley runs on this database: stop it, or give this one its own with PARLEY_DATABASE_URL.',
          )
          first.reject(reason)
          return onLost(reason)
        }
        first.reject(error)
        if (isReleased) return
        log.warn({ error }, 'the lock on the database was lost and is taken again')
        await pause(RETRY_MS)
      }
    }
  }

  const holding = holdForEver()
  try {
    await first.promise
  } catch (error) {
    isReleased = true
    wake()
    throw error
  }
  return {
    async release() {
      isReleased = true
      wake()
      await holding
    },
  }
}
