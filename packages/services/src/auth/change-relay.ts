/**
 * Tells other services of every change of a user. A change is written to `auth.outbox` in its own transaction and
 * removed only after all were told, so a process that dies in between is spoken for by the next one. What is told
 * is the newest record, not the change: repeating or overtaking does no harm, because its `version` only grows.
 */
import type { Clock, Database, Log, Queryable, UserRecord } from '@parley/contracts'
import { RECORDS_PAGE, readRecordPage, readRecords } from './accounts.ts'

/** A change that has been committed, or will be with the transaction it was written in. */
export interface Change {
  readonly id: number
  /** Null: the defaults changed, so everyone did. */
  readonly account: string | null
}

export interface ChangeRelay {
  /** In the transaction of the change, as its last statement. */
  record(transaction: Queryable, account: string | null): Promise<Change>
  /** After the commit. Resolves when all were told; a failure is logged and left to the relay. */
  announce(change: Change): Promise<void>
  /** Announces again, and from then on, what was left behind. */
  start(): void
  /** Waits for the round under way. */
  close(): Promise<void>
}

const INTERVAL_MS = 1_000
const INTERVAL_MAX_MS = 30_000
/** Younger ones are being announced by the verb that made them. */
const LEFT_BEHIND_MS = 1_000
const ROUND_MAX = 500

export function createChangeRelay(deps: {
  database: Database
  clock: Clock
  log: Log
  announceUsers: (users: UserRecord[]) => Promise<void>
}): ChangeRelay {
  const { database, clock, log } = deps
  let closed = false
  let cancelTimer = () => {}
  let round = Promise.resolve()

  async function tell(changes: readonly Change[]): Promise<void> {
    // Everyone first: whoever is among `accounts` too is told once more, which is rare and harmless.
    if (changes.some((change) => change.account === null)) await tellEveryone()
    const accounts = [...new Set(changes.map((change) => change.account))].filter((id) => id !== null)
    if (accounts.length > 0) {
      await deps.announceUsers(await readRecords(database, 'where account.id = any($1)', [accounts]))
    }
    await database.query('delete from auth.outbox where id = any($1)', [changes.map((change) => change.id)])
  }

  async function tellEveryone(): Promise<void> {
    let after = ''
    for (;;) {
      const users = await readRecordPage(database, after, RECORDS_PAGE)
      const last = users.at(-1)
      if (last === undefined) return
      await deps.announceUsers(users)
      after = last.id
    }
  }

  async function repeat(olderThanMs: number): Promise<void> {
    const { rows } = await database.query<Change>(
      'select id, account from auth.outbox where created_at <= $1 order by id limit $2',
      [clock.now() - olderThanMs, ROUND_MAX],
    )
    if (rows.length > 0) await tell(rows)
  }

  function schedule(delayMs: number, olderThanMs: number): void {
    if (closed) return
    cancelTimer = clock.after(delayMs, () => {
      round = repeat(olderThanMs).then(
        () => schedule(INTERVAL_MS, LEFT_BEHIND_MS),
        (error: unknown) => {
          log.warn({ error }, 'users were not announced; trying again')
          schedule(Math.min(Math.max(delayMs, INTERVAL_MS) * 2, INTERVAL_MAX_MS), LEFT_BEHIND_MS)
        },
      )
    })
  }

  return {
    async record(transaction, account) {
      const { rows } = await transaction.query<Change>(
        'insert into auth.outbox (account, created_at) values ($1, $2) returning id, account',
        [account, clock.now()],
        'auth-record-change',
      )
      const change = rows[0]
      if (change === undefined) throw new Error('the outbox did not answer')
      return change
    },
    async announce(change) {
      try {
        await tell([change])
      } catch (error) {
        log.warn({ error, account: change.account }, 'a user was not announced; the relay repeats it')
      }
    },
    // What an earlier process left behind is taken at once, whatever its age.
    start: () => schedule(0, 0),
    async close() {
      closed = true
      cancelTimer()
      await round
    },
  }
}
