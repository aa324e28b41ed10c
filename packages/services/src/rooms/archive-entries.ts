/**
 * Moves old entries from the hot table to the archive, in batches of one commit each. What people read is the same before
 * and after (`rooms.log` is both tables), so neither the head nor the mark of the newest page moves and nobody is told.
 * No room is locked: senders wait for nothing but the disk.
 */
import type { CallContext, Clock, Database, InputOf, Log, OutputOf, roomsContract } from '@parley/contracts'

type Contract = typeof roomsContract
type Input = InputOf<Contract, 'archiveEntries'>
type Output = OutputOf<Contract, 'archiveEntries'>

/** Entries one commit looks at: some tens of milliseconds. */
const BATCH_MAX_ENTRIES = 500
/** Rooms that share a batch: many small rooms must not cost a commit each. */
const BATCH_MAX_ROOMS = 50
/** Rooms looked at for their oldest entry, one index probe each. */
const PAGE_MAX_ROOMS = 1_000
/** A call answers well before its caller's deadline of 10 s; the caller goes on from the cursor. */
const CALL_MAX_MS = 1_000
/** Rests twice as long as the last batch took, so that at most a third of what the database can do goes into this. */
const REST_PER_BATCH = 2
const REST_MAX_MS = 500

interface Span {
  readonly room: string
  readonly after: number
}

interface MovedRow {
  room_id: string
  last_seq: number
  moved: number
  more: boolean
}

/** One bounded step: answers what was moved, and where to go on; repeating it moves nothing twice. */
export async function archiveEntries(
  { database, clock, log }: { database: Database; clock: Clock; log: Log },
  { before, after }: Input,
  signal?: CallContext['signal'],
): Promise<Output> {
  const startedAt = clock.now()
  const cutoff = new Date(before)
  let moved = 0
  let rooms = 0
  let place = after ?? ''
  for (;;) {
    const found = await findRooms(database, place, cutoff)
    let waiting: Span[] = found.due.map((room) => ({ room, after: 0 }))
    rooms += waiting.length
    while (waiting.length > 0) {
      const batchAt = clock.now()
      const step = await moveBatch(database, waiting, cutoff)
      moved += step.moved
      waiting = step.waiting
      const isOver = clock.now() - startedAt >= CALL_MAX_MS || signal?.aborted === true
      if (isOver && waiting.length > 0) {
        tell(log, moved, rooms)
        // Rooms come in order, so all before the first that waits are done.
        return { moved, rooms: rooms - waiting.length, next: beforeRoom(waiting, place, found.due) }
      }
      await rest(clock, Math.min(REST_MAX_MS, REST_PER_BATCH * (clock.now() - batchAt)))
    }
    if (found.last === undefined) {
      tell(log, moved, rooms)
      return { moved, rooms }
    }
    place = found.last
    if (clock.now() - startedAt >= CALL_MAX_MS || signal?.aborted === true) {
      tell(log, moved, rooms)
      return { moved, rooms, next: place }
    }
  }
}

function tell(log: Log, moved: number, rooms: number): void {
  if (moved > 0) log.info({ entries: moved, rooms }, 'old entries moved to the archive')
}

/** The room after which the next call begins, so that it begins with the first that waits. */
function beforeRoom(waiting: readonly Span[], place: string, due: readonly string[]): string {
  const first = due.indexOf(waiting[0]?.room ?? '')
  return due[first - 1] ?? place
}

function rest(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve))
}

/** A page of rooms by id: those whose oldest entry in the hot table is old enough; `last` when there may be further ones. */
async function findRooms(
  database: Database,
  after: string,
  cutoff: Date,
): Promise<{ due: string[]; last: string | undefined }> {
  const { rows } = await database.query<{ id: string; due: boolean | null }>(
    `select r.id, (select e.at from rooms.entry e where e.room_id = r.id order by e.seq limit 1) < $2 as due
     from (select id from rooms.room where id > $1 and deleted_at is null order by id limit $3) r order by r.id`,
    [after, cutoff, PAGE_MAX_ROOMS],
    'rooms.archive-due',
  )
  return {
    due: rows.flatMap((row) => (row.due === true ? [row.id] : [])),
    last: rows.length === PAGE_MAX_ROOMS ? rows.at(-1)?.id : undefined,
  }
}

/** One commit for the first of these rooms; those that have more stay in front, at the place they came to. */
async function moveBatch(
  database: Database,
  waiting: readonly Span[],
  cutoff: Date,
): Promise<{ moved: number; waiting: Span[] }> {
  const batch = waiting.slice(0, BATCH_MAX_ROOMS)
  const { rows } = await database.query<MovedRow>(
    'select * from rooms.archive_entries($1, $2, $3, $4)',
    [
      batch.map((span) => span.room),
      batch.map((span) => span.after),
      cutoff,
      Math.ceil(BATCH_MAX_ENTRIES / batch.length),
    ],
    'rooms.archive',
  )
  await database.query('select rooms.analyze_archive()', [], 'rooms.analyze-archive')
  const found = new Map(rows.map((row) => [row.room_id, row]))
  const unfinished = batch.flatMap(({ room }) => {
    const row = found.get(room)
    return row?.more === true ? [{ room, after: row.last_seq }] : []
  })
  return {
    moved: rows.reduce((sum, row) => sum + row.moved, 0),
    waiting: [...unfinished, ...waiting.slice(BATCH_MAX_ROOMS)],
  }
}
