/**
 * Search in the messages one may read, without accents and by parts of words. The index follows the log within
 * about two seconds; what it does not know yet is read from the log itself, so a message is found as soon as it is sent.
 */
import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { decodePage, encodePage } from '../shared/page-token.ts'
import { loadMessages } from './load-messages.ts'
import { assertReader } from './read-room.ts'

type Contract = typeof roomsContract

interface Hit {
  room_id: string
  seq: number
  at_ms: number
}

const SEARCH = `
  with needle as (select '%' || rooms.like_literal(public.parley_fold($2)) || '%' as pattern),
  mine as materialized (
    select m.room_id, r.indexed_seq, r.head_seq, r.first_seq from rooms.member m
    join rooms.room r on r.id = m.room_id and r.deleted_at is null
    where m.user_id = $1 and m.ended_at is null and ($3::text is null or m.room_id = $3)),
  hits as (
    select s.room_id, s.seq, s.sender, extract(epoch from s.at) * 1000 as at_ms
    from rooms.search s where s.folded like (select pattern from needle) and s.room_id in (select room_id from mine)
    union all
    select e.room_id, e.seq, e.sender, extract(epoch from e.at) * 1000
    from mine join rooms.log e on e.room_id = mine.room_id and e.seq > mine.indexed_seq and e.seq >= mine.first_seq and e.kind = 'message' and not e.redacted
    left join rooms.log x on x.room_id = e.room_id and x.seq = e.edit_seq
    where mine.head_seq > mine.indexed_seq and public.parley_fold(coalesce(x.body, e.body)) like (select pattern from needle))
  select distinct room_id, seq, at_ms from hits
  where (select pattern from needle) <> '%%' and ($4::text is null or sender = $4) and ($5::float8 is null or (at_ms, room_id, seq) < ($5::float8, $6::text, $7::bigint))
  order by at_ms desc, room_id desc, seq desc limit $8`

/** Newest first; a query that folds to nothing finds nothing. With `room`, throws as any read of that room does. */
export async function searchMessages(
  database: Database,
  input: InputOf<Contract, 'searchMessages'>,
): Promise<OutputOf<Contract, 'searchMessages'>> {
  if (input.room !== undefined) await assertReader(database, input.user, input.room)
  const place =
    input.cursor === undefined
      ? undefined
      : decodePage(input.cursor, { at: 'number', room: 'string', seq: 'seq' })
  const { rows } = await database.query<Hit>(
    SEARCH,
    [
      input.user,
      input.query,
      input.room ?? null,
      input.from ?? null,
      place?.at ?? null,
      place?.room ?? null,
      place?.seq ?? null,
      input.limit + 1,
    ],
    'rooms.search',
  )
  const shown = rows.slice(0, input.limit)
  const messages = await loadMessages(
    database,
    input.user,
    shown.map((row) => ({ room: row.room_id, seq: row.seq })),
  )
  const order = new Map(shown.map((row, index) => [`${row.room_id} ${row.seq}`, index]))
  const placeOf = (message: { room: string; seq: number }) => order.get(`${message.room} ${message.seq}`) ?? 0
  messages.sort((a, b) => placeOf(a) - placeOf(b))
  const last = shown.at(-1)
  if (rows.length <= input.limit || last === undefined) return { messages }
  return { messages, next: encodePage({ at: Number(last.at_ms), room: last.room_id, seq: last.seq }) }
}
