/**
 * A lock that one process of many holds, and knows when it no longer does.
 *
 * It is an advisory lock in an open transaction: PostgreSQL frees it when the connection ends. That alone is not enough:
 * who loses the connection without a word would go on believing. So the holder asks a short question every
 * `RENEW_MS` and believes for `LEASE_MS` after the last one it *sent* that was answered; PostgreSQL ends the transaction
 * once it has not been asked for `SERVER_IDLE_MS`, counted from when it *answered*. The second is the longer one, so the
 * old holder has stopped before there can be a new one, whatever happened to the line between them, and by how much is
 * more than one step of a job takes.
 */
import type { Clock, Database, Queryable } from '@parley/contracts'
import { within } from '../shared/within.ts'

/** Any number; the same for every Parley. The second half of the key is the lock's name. */
const LOCK_CLASS = 7_265_541

export interface LeaseTimes {
  readonly renewMs: number
  readonly leaseMs: number
  readonly serverIdleMs: number
}

export const LEASE_TIMES: LeaseTimes = { renewMs: 2_000, leaseMs: 8_000, serverIdleMs: 12_000 }

export interface LeaseOptions {
  /** Keeps one of its connections for itself while the lease is held. */
  readonly database: Database
  /** Lower-case letters, digits, dots and dashes. */
  readonly name: string
  readonly clock: Clock
  readonly times?: LeaseTimes
}

export interface Lease {
  isHeld(): boolean
  /** Aborted when it is over, by `release` or by loss. */
  readonly signal: AbortSignal
  /** Resolves when another may have it. */
  release(): Promise<void>
}

/** Undefined when another holds it. Throws `unavailable` when the database does not answer. */
export async function takeLease(options: LeaseOptions): Promise<Lease | undefined> {
  const { database, clock, times = LEASE_TIMES } = options
  const over = new AbortController()
  const taken = Promise.withResolvers<boolean>()
  let heldUntil = 0
  let cancelExpiry: () => void = () => {}

  /** Time is taken twice: a timer does not notice that the process stood still, nor the clock that it was set back. */
  const holdFrom = (sentAt: number): void => {
    heldUntil = sentAt + times.leaseMs
    cancelExpiry()
    cancelExpiry = clock.after(heldUntil - clock.now(), () => over.abort())
  }

  const holding = database.transaction(async (transaction) => {
    const sentAt = clock.now()
    if (!(await tryLock(transaction, options.name, times))) return taken.resolve(false)
    holdFrom(sentAt)
    taken.resolve(true)
    while (!over.signal.aborted) {
      await pause(clock, times.renewMs, over.signal)
      if (over.signal.aborted) return
      const askedAt = clock.now()
      await transaction.query('select 1')
      if (!over.signal.aborted) holdFrom(askedAt)
    }
  })
  const ended = holding.then(
    () => over.abort(),
    (error: unknown) => {
      over.abort()
      taken.reject(error)
    },
  )
  // Nobody asks once it was taken.
  taken.promise.catch(() => undefined)
  if (!(await within(clock, times.leaseMs, taken.promise).catch(giveUp(over)))) return undefined
  return {
    isHeld() {
      // A clock that was set on ends it before its timer does: then it must not be renewed, or nobody could ever have it.
      if (clock.now() >= heldUntil) over.abort()
      return !over.signal.aborted
    },
    signal: over.signal,
    async release() {
      over.abort()
      cancelExpiry()
      // A line that is dead is not waited for: PostgreSQL ends it by itself.
      await within(clock, times.leaseMs, ended).catch(() => undefined)
    },
  }
}

const giveUp =
  (over: AbortController) =>
  (error: unknown): never => {
    over.abort()
    throw error
  }

/** Without parameters, so that it is a simple query: the portal of another kind would keep its snapshot. */
async function tryLock(transaction: Queryable, name: string, times: LeaseTimes): Promise<boolean> {
  if (!/^[a-z0-9.-]+$/.test(name)) throw new Error(`"${name}" is no name of a lock`)
  await transaction.query(`set local idle_in_transaction_session_timeout = ${times.serverIdleMs}`)
  const { rows } = await transaction.query<{ taken: boolean }>(
    `select pg_try_advisory_xact_lock(${LOCK_CLASS}, hashtext('${name}')) as taken`,
  )
  return rows[0]?.taken === true
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal.addEventListener('abort', end)
  })
}
