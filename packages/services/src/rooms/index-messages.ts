/**
 * Makes messages searchable: the consumer of the queue `rooms.index`. Idempotent by `(room, seq)`: how far a room is
 * indexed stands in the room's own row, and what is repeated, late or overtaken finds nothing left to do. Until then
 * search reads the log itself (docs/decisions/0006).
 */
import { type Database, type Queryable, type WorkItem, workBodies } from '@parley/contracts'

/** Items a process works on at a time; each holds a connection. */
export const INDEX_AT_ONCE = 2

/** Entries a transaction looks at, so that no room is locked for long, however far behind the index is. */
const STEP_MAX_ENTRIES = 5_000

export function createIndexMessages(database: Database): (item: WorkItem) => Promise<void> {
  return async (item) => {
    const { heads } = workBodies['room.entries'].parse(JSON.parse(item.body))
    while (await database.transaction((transaction) => indexStep(transaction, heads)));
  }
}

interface Span {
  readonly id: string
  /** Indexed up to here when this step began. */
  readonly after: number
  readonly upto: number
}

/** False when there was nothing left to do. */
async function indexStep(transaction: Queryable, heads: Record<string, number>): Promise<boolean> {
  const wanted = Object.entries(heads)
  const stepMax = Math.ceil(STEP_MAX_ENTRIES / Math.max(1, wanted.length))
  const { rows: spans } = await transaction.query<Span>(
    `select r.id, r.indexed_seq as after, least(h.head, r.indexed_seq + $3, r.head_seq) as upto
     from unnest($1::text[], $2::bigint[]) as h(id, head)
     join rooms.room r on r.id = h.id and r.deleted_at is null and r.indexed_seq < least(h.head, r.head_seq)
     order by r.id`,
    [wanted.map(([room]) => room), wanted.map(([, head]) => head), stepMax],
    'rooms.index-due',
  )
  if (spans.length === 0) return false
  await indexSpans(transaction, spans)
  return true
}

const SPANS = 'unnest($1::text[], $2::bigint[], $3::bigint[]) as span(id, after, upto)'

/**
 * Two steps, so that senders wait for neither: the rows are written without any lock, then the rooms are locked for
 * the moment it takes to look again at what was edited or deleted meanwhile. Edits wait for that lock and find the
 * rows there. Several processes may do this for the same room at once, so the second look is at all that this one may
 * have written, even where the other has moved `indexed_seq` beyond it: what the other wrote and somebody has deleted
 * since may have been written again by us, from an older snapshot.
 */
async function indexSpans(transaction: Queryable, spans: readonly Span[]): Promise<void> {
  const rooms = spans.map((span) => span.id)
  const values = [rooms, spans.map((span) => span.after), spans.map((span) => span.upto)]
  await transaction.query(
    `insert into rooms.search (room_id, seq, sender, at, folded)
     select e.room_id, e.seq, e.sender, e.at, public.parley_fold(coalesce(x.body, e.body))
     from ${SPANS} join rooms.log e on e.room_id = span.id and e.seq > span.after and e.seq <= span.upto and e.kind = 'message' and not e.redacted
     left join rooms.log x on x.room_id = e.room_id and x.seq = e.edit_seq
     order by e.room_id, e.seq on conflict do nothing`,
    values,
    'rooms.index',
  )
  await transaction.query(
    'select 1 from rooms.room where id = any($1) order by id for update',
    [rooms],
    'rooms.index-lock',
  )
  await transaction.query(
    `with changed as (
       select e.room_id, e.seq, e.redacted, x.body from ${SPANS}
       join rooms.log e on e.room_id = span.id and e.seq > span.after and e.seq <= span.upto and e.kind = 'message'
       left join rooms.log x on x.room_id = e.room_id and x.seq = e.edit_seq
       where e.redacted or e.edit_seq is not null),
     gone as (delete from rooms.search s using changed c where s.room_id = c.room_id and s.seq = c.seq and c.redacted),
     renewed as (
       update rooms.search s set folded = public.parley_fold(c.body) from changed c
       where s.room_id = c.room_id and s.seq = c.seq and not c.redacted)
     update rooms.room r set indexed_seq = greatest(r.indexed_seq, span.upto) from ${SPANS} where r.id = span.id`,
    values,
    'rooms.index-done',
  )
  // A room that was deleted meanwhile may have been purged already, and what is below its floor removed.
  await transaction.query(
    `delete from rooms.search s using ${SPANS} where s.room_id = span.id and s.seq > span.after and s.seq <= span.upto
     and not exists (select 1 from rooms.room r where r.id = span.id and r.deleted_at is null and s.seq >= r.first_seq)`,
    values,
    'rooms.index-deleted',
  )
}
