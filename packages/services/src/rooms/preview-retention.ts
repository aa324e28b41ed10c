/** What a run of retention would delete, room by room. Reads and nothing else. */
import type { Queryable } from '@parley/contracts'
import type { RoomKind } from '@parley/protocol'
import { ROOM_BEFORE } from './expire-messages.ts'

export interface RoomPreview {
  readonly id: string
  readonly kind: RoomKind
  readonly name: string
  /** What its messages are older than. */
  readonly days: number
  readonly messages: number
  /** All that would go, joins and the like included. */
  readonly entries: number
  readonly oldest: Date
  readonly newest: Date
  /** Files that no other message carries. */
  readonly files: number
  readonly file_bytes: number
  /** The room is on hold: it stays as it is. */
  readonly on_hold: boolean
  /** Messages of people on hold: they would leave the room and be kept. */
  readonly kept: number
}

/** Rooms of one statement. */
const PAGE_MAX_ROOMS = 1_000

/** By id. `days` is the server's setting. */
export async function* previewRetention(reader: Queryable, days: number | null): AsyncGenerator<RoomPreview> {
  for (let after = ''; ; ) {
    const { rows } = await reader.query<{ id: string; before: Date | null; first_seq: number }>(
      `select r.id, r.first_seq, ${ROOM_BEFORE} as before
       from rooms.room r where r.id > $1 and r.deleted_at is null order by r.id limit $3`,
      [after, days, PAGE_MAX_ROOMS],
    )
    for (const { id, before } of rows) {
      const found = before === null ? undefined : await previewRoom(reader, id, before, days)
      if (found !== undefined) yield found
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE_MAX_ROOMS) return
    after = last.id
  }
}

async function previewRoom(
  reader: Queryable,
  room: string,
  before: Date,
  days: number | null,
): Promise<RoomPreview | undefined> {
  const { rows } = await reader.query<RoomPreview>(
    `with room as materialized (
       select id, kind, name, first_seq, head_seq, least(coalesce(retention_days, $3::int), coalesce($3::int, retention_days)) as days,
         rooms.held(id, null) as on_hold
       from rooms.room where id = $1),
     ends as materialized (
       select coalesce((select min(e.seq) from rooms.log e
         where e.room_id = $1 and e.seq >= (select first_seq from room) and e.at >= $2), (select head_seq + 1 from room)) as seq),
     old as materialized (
       select e.seq, e.kind, e.sender, e.at, e.redacted, e.data -> 'files' as files from rooms.log e
       where e.room_id = $1 and e.seq >= (select first_seq from room) and e.seq < (select seq from ends)),
     carried as (
       select f.id, max(f.bytes) as bytes
       from old, jsonb_to_recordset(old.files) as f(id text, bytes bigint) where old.files is not null
         and not exists (
           select 1 from rooms.attachment a where a.file_id = f.id and (a.room_id <> $1 or a.seq >= (select seq from ends)))
       group by 1)
     select room.id, room.kind, room.name, room.days, room.on_hold, o.*, f.*
     from room,
       (select count(*)::int as entries, (count(*) filter (where kind = 'message'))::int as messages, min(at) as oldest,
          max(at) as newest, (count(*) filter (where kind = 'message' and not redacted and rooms.held($1, sender)))::int as kept
        from old) o,
       (select count(*)::int as files, coalesce(sum(bytes), 0)::bigint as file_bytes from carried) f
     where o.entries > 0`,
    [room, before, days],
    'rooms.preview-retention',
  )
  return rows[0]
}
