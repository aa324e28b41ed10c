/**
 * Where a connection begins. The cursor is `epoch.xmin`: every transaction below xmin was visible when the list was
 * read, so what changed at or after it is listed next time – sometimes too much, never too little. (A cursor of ids or
 * times misses what a slower transaction commits behind it.)
 */
import type { Clock, Database, InputOf, Log, OutputOf, roomsContract } from '@parley/contracts'
import { READY_MAX_ROOMS } from '@parley/protocol'
import { parseCursor, type ReadEpoch } from './epoch.ts'
import { pageFrom } from './list-rooms.ts'

type Contract = typeof roomsContract

/** Heartbeat cursors are this much older than the database: longer than any repair takes, so they never skip an entry that was not yet pushed. */
const CURSOR_LAG_MS = 10_000
const SAMPLE_INTERVAL_MS = 2_000

export interface Resume {
  resume(input: InputOf<Contract, 'resume'>): Promise<OutputOf<Contract, 'resume'>>
  currentCursor(): Promise<OutputOf<Contract, 'currentCursor'>>
  start(): void
  close(): void
}

export function createResume({
  database,
  readEpoch,
  clock,
  log,
}: {
  database: Database
  readEpoch: ReadEpoch
  clock: Clock
  log: Log
}): Resume {
  let samples: { at: number; xmin: string }[] = []
  let cancel: (() => void) | undefined
  let closed = false

  async function sample(): Promise<void> {
    try {
      const { rows } = await database.query<{ xmin: string }>(
        'select pg_snapshot_xmin(pg_current_snapshot())::text as xmin',
        [],
        'rooms.xmin',
      )
      const now = clock.now()
      if (rows[0] !== undefined) samples.push({ at: now, xmin: rows[0].xmin })
      const old = samples.findLastIndex((entry) => now - entry.at >= CURSOR_LAG_MS)
      if (old > 0) samples = samples.slice(old)
    } catch (error) {
      log.debug({ error: String(error) }, 'no cursor sample: the database is away')
    }
    if (!closed) cancel = clock.after(SAMPLE_INTERVAL_MS, sample)
  }

  return {
    async resume({ user, cursor }) {
      const known = await readEpoch()
      const asked = cursor === undefined ? undefined : parseCursor(cursor, known)
      const now = await readChanges(database, user, asked)
      // A cursor from the future of this database was made by a past that a restored backup no longer has.
      const since = asked !== undefined && BigInt(asked) <= BigInt(now.xmax) ? asked : undefined
      const page = await pageFrom(database, user, { limit: READY_MAX_ROOMS, since })
      // Left, and entered again while this was read: the list is the younger of the two.
      const listed = new Set(page.rooms.map((room) => room.id))
      return {
        mode: since === undefined ? 'snapshot' : 'delta',
        cursor: `${known}.${now.xmin}`,
        rooms: page.rooms,
        gone: since === undefined ? [] : now.gone.filter((id) => !listed.has(id)),
        ...(page.next === undefined ? {} : { next: page.next }),
      }
    },
    async currentCursor() {
      const old = samples.findLast((entry) => clock.now() - entry.at >= CURSOR_LAG_MS)
      return { cursor: old === undefined ? null : `${await readEpoch()}.${old.xmin}` }
    },
    start() {
      void sample()
    },
    close() {
      closed = true
      cancel?.()
    },
  }
}

/** The snapshot is read before the rooms are: whatever commits in between is listed again, never missed. */
async function readChanges(
  database: Database,
  user: string,
  since: string | undefined,
): Promise<{ xmin: string; xmax: string; gone: string[] }> {
  const { rows } = await database.query<{ xmin: string; xmax: string; gone: string[] | null }>(
    `select pg_snapshot_xmin(s.snapshot)::text as xmin, pg_snapshot_xmax(s.snapshot)::text as xmax,
       (select array_agg(m.room_id) from rooms.member m left join rooms.room r on r.id = m.room_id
        where $2::xid8 is not null and m.user_id = $1 and (m.changed >= $2::xid8 or r.changed >= $2::xid8)
          and (m.ended_at is not null or r.deleted_at is not null)) as gone
     from (select pg_current_snapshot() as snapshot) s`,
    [user, since ?? null],
    'rooms.changes',
  )
  const row = rows[0]
  return { xmin: row?.xmin ?? '0', xmax: row?.xmax ?? '0', gone: row?.gone ?? [] }
}
