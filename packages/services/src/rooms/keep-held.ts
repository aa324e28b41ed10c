/**
 * What a legal hold keeps. Whoever removes words calls this first, in the same transaction: people see what they asked
 * for, and `rooms.kept`, which no reader of rooms looks at, has what was there.
 */
import type { Queryable } from '@parley/contracts'

export interface Places {
  readonly rooms: readonly string[]
  readonly seqs: readonly number[]
}

/** No hold is placed beside this transaction without seeing what it does. */
export async function shareHolds(writer: Queryable): Promise<void> {
  await writer.query('select rooms.share_holds()', [], 'rooms.share-holds')
}

/** Keeps these messages and edits, and edits of these messages, where a hold asks for it. How many. */
export async function keepHeld(writer: Queryable, { rooms, seqs }: Places): Promise<number> {
  await shareHolds(writer)
  const { rows } = await writer.query<{ any: boolean }>(
    'select exists (select from rooms.hold where lifted_at is null) as any',
    [],
    'rooms.any-hold',
  )
  if (rows[0]?.any !== true) return 0
  const { rowCount } = await writer.query(
    `insert into rooms.kept (room_id, seq, kind, sender, at, body, target, data)
     select e.room_id, e.seq, e.kind, e.sender, e.at, e.body, e.target, e.data
     from unnest($1::text[], $2::bigint[]) as k(room_id, seq)
     join rooms.log e on e.room_id = k.room_id and (e.seq = k.seq or (e.target = k.seq and e.kind = 'edit'))
     where e.kind in ('message', 'edit') and not e.redacted and rooms.held(e.room_id, e.sender)
     order by e.room_id, e.seq on conflict do nothing`,
    [rooms, seqs],
    'rooms.keep-held',
  )
  return rowCount
}

/** Rows of one step. */
const RELEASE_MAX_ROWS = 500

/** Removes one step of what only lifted holds had kept; false when nothing is left of them. */
export async function releaseKept(transaction: Queryable): Promise<boolean> {
  await shareHolds(transaction)
  const lifted = await transaction.query<{ id: number }>(
    'select id from rooms.hold where lifted_at is not null and released_at is null',
  )
  if (lifted.rows.length === 0) return false
  const { rows } = await transaction.query<{ count: number }>(
    `with gone as (
       delete from rooms.kept where ctid = any(array(
         select ctid from rooms.kept where not rooms.held(room_id, sender) limit $1)) returning room_id, seq),
     files as (
       delete from rooms.kept_file f using gone g where f.room_id = g.room_id and f.seq = g.seq returning f.file_id),
     dropped as (insert into rooms.dropped_file (file_id) select distinct file_id from files)
     select count(*)::int as count from gone`,
    [RELEASE_MAX_ROWS],
  )
  if (rows[0]?.count === RELEASE_MAX_ROWS) return true
  await transaction.query('update rooms.hold set released_at = now() where id = any($1)', [
    lifted.rows.map(({ id }) => id),
  ])
  return false
}
