/**
 * Moves old entries from the hot table to the archive, in batches of one commit each. What people read is the same before
 * and after (`rooms.log` is both tables), so neither the head nor the mark of the newest page moves and nobody is told.
 * No room is locked: senders wait for nothing but the disk.
 */
import type { CallContext, Clock, Database, InputOf, Log, OutputOf, roomsContract } from '@parley/contracts'
import { PAGE_MAX_ROOMS, walkRooms } from './walk-rooms.ts'

type Contract = typeof roomsContract
type Input = InputOf<Contract, 'archiveEntries'>
type Output = OutputOf<Contract, 'archiveEntries'>

interface Span {
  readonly room: string
  /** Older than this is moved. */
  readonly before: Date
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
  const cutoff = new Date(before)
  let moved = 0
  const walked = await walkRooms<Span>(clock, {
    after,
    signal,
    page: (place) => findRooms(database, place, cutoff),
    async batch(spans, limitEach) {
      const rows = await moveBatch(database, spans, limitEach)
      moved += rows.reduce((sum, row) => sum + row.moved, 0)
      const found = new Map(rows.map((row) => [row.room_id, row]))
      return spans.flatMap((span) => {
        const row = found.get(span.room)
        return row?.more === true ? [{ ...span, after: row.last_seq }] : []
      })
    },
  })
  if (moved > 0) log.info({ entries: moved, rooms: walked.rooms }, 'old entries moved to the archive')
  return { moved, ...walked }
}

/**
 * A page of rooms by id: those whose oldest entry in the hot table is old enough. A room's own age, which can only be
 * less than the server's, is reckoned by the clock that its entries have their times from.
 */
async function findRooms(
  database: Database,
  after: string,
  cutoff: Date,
): Promise<{ due: Span[]; last: string | undefined }> {
  const { rows } = await database.query<{ id: string; before: Date; due: boolean | null }>(
    `select r.id, r.before, (select e.at from rooms.entry e where e.room_id = r.id order by e.seq limit 1) < r.before as due
     from (select id, greatest($2, now() - make_interval(days => archive_days)) as before
       from rooms.room where id > $1 and deleted_at is null order by id limit $3) r order by r.id`,
    [after, cutoff, PAGE_MAX_ROOMS],
    'rooms.archive-due',
  )
  return {
    due: rows.flatMap(({ id, before, due }) => (due === true ? [{ room: id, before, after: 0 }] : [])),
    last: rows.length === PAGE_MAX_ROOMS ? rows.at(-1)?.id : undefined,
  }
}

/** One commit; those that have more go on at the place they came to. */
async function moveBatch(database: Database, spans: readonly Span[], limitEach: number): Promise<MovedRow[]> {
  const { rows } = await database.query<MovedRow>(
    'select * from rooms.move_entries($1, $2, $3, $4)',
    [
      spans.map(({ room }) => room),
      spans.map((span) => span.after),
      spans.map((span) => span.before),
      limitEach,
    ],
    'rooms.archive',
  )
  await database.query('select rooms.analyze_archive()', [], 'rooms.analyze-archive')
  return rows
}
