/**
 * Hands pushes that are due to the queue. Rows wait while the queue is away. In one process the queue holds nothing and
 * `publish` ends when the push was sent or failed, so that trying again is done here; otherwise it is the queue's.
 */
import type { Clock, Database, Log, WorkQueue } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { type Repeated, repeat } from '../../shared/repeat.ts'
import { PUSH_LIFETIME_MS } from './send-push.ts'

const IDLE_INTERVAL_MS = 500
const BUSY_INTERVAL_MS = 50
const AWAY_INTERVAL_MS = 2_000
const SWEEP_INTERVAL_MS = 600_000
/** Handed to the queue at a time, or in one process being sent or waiting for it. */
const UNDER_WAY_MAX = 128
/** A process that died while it handed over: somebody does it again. Longer than sending all that is under way takes. */
const LEASE_MS = 120_000
const BACKOFF_FROM_MS = 5_000
const BACKOFF_TO_MS = 300_000

interface Parts {
  readonly database: Database
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly log: Log
}

interface DueRow {
  id: string
  attempts: number
}

export interface HandOver extends Pick<Repeated, 'start' | 'close'> {
  /** Hands over what is due; resolves when that has ended, well or not. For tests. */
  run(): Promise<void>
}

/** Any number of processes may run it. */
export function createHandOver(parts: Parts): HandOver {
  const { database, clock, log } = parts
  const underWay = new Set<Promise<void>>()
  let away = false
  let sweepAt = 0

  const hand = async (row: DueRow, leaseUntil: number) => {
    try {
      await handPush(parts, row, leaseUntil)
      if (away) log.info({}, 'pushes are handed over again')
      away = false
    } catch (error) {
      // The lease ends, and it is tried again.
      if (!away) log.warn({ error: String(error) }, 'pushes not handed over; trying again')
      away = true
    }
  }
  /** Whether there may be more. */
  const begin = async (): Promise<boolean> => {
    const leaseUntil = clock.now() + LEASE_MS
    const limit = away ? 1 : UNDER_WAY_MAX - underWay.size
    const due = await takeDue(database, leaseUntil, limit)
    for (const row of due) {
      const work = hand(row, leaseUntil).finally(() => underWay.delete(work))
      underWay.add(work)
    }
    return due.length === limit
  }
  const loop = repeat(clock, async () => {
    try {
      if (clock.now() >= sweepAt) {
        await sweep(database, clock.now())
        sweepAt = clock.now() + SWEEP_INTERVAL_MS
      }
      const more = await begin()
      if (away) return AWAY_INTERVAL_MS
      return more ? BUSY_INTERVAL_MS : IDLE_INTERVAL_MS
    } catch (error) {
      if (!away) log.warn({ error: String(error) }, 'pushes not handed over; trying again')
      away = true
      return AWAY_INTERVAL_MS
    }
  })
  return {
    start: loop.start,
    async run() {
      await begin()
      await Promise.all(underWay)
    },
    async close() {
      await loop.close()
      await Promise.all(underWay)
    },
  }
}

async function takeDue(database: Database, leaseUntil: number, limit: number): Promise<DueRow[]> {
  if (limit <= 0) return []
  const { rows } = await database.query<DueRow>(
    `update notifications.push p set due_at = $1 from (
       select id from notifications.push where due_at <= $1::bigint - ${LEASE_MS}
       order by due_at limit $2 for update skip locked) d
     where p.id = d.id returning p.id, p.attempts`,
    [leaseUntil, limit],
    'notifications.due-pushes',
  )
  return rows
}

/** Throws when the queue is away. What a handler of this process has changed meanwhile is left as it is. */
async function handPush({ database, queue, clock }: Parts, row: DueRow, leaseUntil: number): Promise<void> {
  try {
    await queue.publish('push.send', [{ id: row.id, body: JSON.stringify({ push: row.id }) }])
    await database.query(
      'update notifications.push set due_at = null where id = $1 and due_at = $2 and held_until is null',
      [row.id, leaseUntil],
      'notifications.handed-push',
    )
  } catch (error) {
    const isAway = error instanceof ParleyError && error.code === 'unavailable'
    const delayMs = isAway ? AWAY_INTERVAL_MS : Math.min(BACKOFF_TO_MS, BACKOFF_FROM_MS * 2 ** row.attempts)
    await database.query(
      `update notifications.push set due_at = $2, attempts = attempts + $3
       where id = $1 and held_until is null`,
      [row.id, clock.now() + delayMs, isAway ? 0 : 1],
      'notifications.failed-push',
    )
    if (isAway) throw error
  }
}

/** What nobody could be told in time, dead work among it. */
async function sweep(database: Database, nowMs: number): Promise<void> {
  await database.query('delete from notifications.push where at < $1', [nowMs - PUSH_LIFETIME_MS])
}
