import type { Database, InputOf, OutputOf, Queryable, roomsContract } from '@parley/contracts'
import { nameKey, ParleyError, type Room } from '@parley/protocol'
import { decodePage, encodePage } from '../shared/page-token.ts'
import { readRooms } from './read-room.ts'

type Contract = typeof roomsContract

/** Of last messages, UTF-16 units: two hundred long ones in `ready` would close the socket as a slow one. */
const PAGE_MAX_CHARS = 256 * 1024

interface RoomKey {
  id: string
  last_ms: number
}

/** One page of my rooms, latest activity first; with `since`, only those that changed in or after that transaction. */
export async function pageOfRooms(
  reader: Queryable,
  user: string,
  page: { limit: number; cursor?: string | undefined },
): Promise<{ rooms: Room[]; next?: string }> {
  const place =
    page.cursor === undefined
      ? undefined
      : decodePage(page.cursor, { last: 'number', id: 'string', since: 'string' })
  const since = place?.since
  return pageFrom(reader, user, {
    limit: page.limit,
    place,
    since: typeof since === 'string' && since !== '' ? since : undefined,
  })
}

export async function pageFrom(
  reader: Queryable,
  user: string,
  page: { limit: number; place?: Record<string, string | number> | undefined; since?: string | undefined },
): Promise<{ rooms: Room[]; next?: string }> {
  if (page.since !== undefined && !/^\d{1,19}$/.test(page.since)) throw new ParleyError('invalid_request')
  const { rows } = await reader.query<RoomKey>(
    `select r.id, extract(epoch from r.last_at) * 1000 as last_ms
     from rooms.member m join rooms.room r on r.id = m.room_id and r.deleted_at is null
     left join rooms.mark k on k.room_id = m.room_id and k.user_id = m.user_id
     where m.user_id = $1 and m.ended_at is null
       and ($2::xid8 is null or r.changed >= $2::xid8 or m.changed >= $2::xid8 or k.changed >= $2::xid8)
       and ($3::float8 is null or (extract(epoch from r.last_at) * 1000, r.id) < ($3::float8, $4::text))
     order by extract(epoch from r.last_at) * 1000 desc, r.id desc limit $5`,
    [user, page.since ?? null, page.place?.last ?? null, page.place?.id ?? null, page.limit + 1],
    'rooms.page-of-rooms',
  )
  const shown = rows.slice(0, page.limit)
  const rooms = await readRooms(
    reader,
    user,
    shown.map((row) => row.id),
  )
  const fitting = countFitting(rooms)
  const last = shown.find((row) => row.id === rooms[fitting - 1]?.id) ?? shown.at(-1)
  if (last === undefined || (fitting === rooms.length && rows.length <= page.limit)) return { rooms }
  const next = encodePage({ last: Number(last.last_ms), id: last.id, since: page.since ?? '' })
  return { rooms: rooms.slice(0, fitting), next }
}

/** How many of these rooms one page takes: at least one. */
function countFitting(rooms: readonly Room[]): number {
  let chars = 0
  const tooMany = rooms.findIndex((room) => {
    chars += room.last_message?.body.length ?? 0
    return chars > PAGE_MAX_CHARS
  })
  return tooMany < 0 ? rooms.length : Math.max(1, tooMany)
}

export async function listRoomIds(
  database: Database,
  { user }: InputOf<Contract, 'listRoomIds'>,
): Promise<{ rooms: string[] }> {
  const { rows } = await database.query<{ room_id: string }>(
    `select m.room_id from rooms.member m join rooms.room r on r.id = m.room_id and r.deleted_at is null
     where m.user_id = $1 and m.ended_at is null`,
    [user],
    'rooms.list-ids',
  )
  return { rooms: rows.map((row) => row.room_id) }
}

/** Public rooms by part of their name, without accents and case; all of them without a query. Busiest first. */
export async function searchRooms(
  database: Database,
  input: InputOf<Contract, 'searchRooms'>,
): Promise<OutputOf<Contract, 'searchRooms'>> {
  const place =
    input.cursor === undefined ? undefined : decodePage(input.cursor, { count: 'integer', id: 'string' })
  const { rows } = await database.query<{ id: string; member_count: number }>(
    `select id, member_count from rooms.room
     where kind = 'public' and deleted_at is null
       and ($1::text is null or public.parley_fold(name) like '%' || rooms.like_literal(public.parley_fold($1)) || '%')
       and ($2::int is null or (member_count, id) < ($2, $3::text))
     order by member_count desc, id desc limit $4`,
    [input.query ?? null, place?.count ?? null, place?.id ?? null, input.limit + 1],
    'rooms.search-rooms',
  )
  const shown = rows.slice(0, input.limit)
  const rooms = await readRooms(
    database,
    input.user,
    shown.map((row) => row.id),
  )
  const last = shown.at(-1)
  if (rows.length <= input.limit || last === undefined) return { rooms }
  return { rooms, next: encodePage({ count: last.member_count, id: last.id }) }
}

export async function findRoom(
  database: Database,
  { user, name }: InputOf<Contract, 'findRoom'>,
): Promise<{ room: Room }> {
  const { rows } = await database.query<{ id: string }>(
    `select id from rooms.room where name_key = $1 and kind = 'public' and deleted_at is null`,
    [nameKey(name)],
    'rooms.find-room',
  )
  const [room] = await readRooms(
    database,
    user,
    rows.map((row) => row.id),
  )
  if (room === undefined) throw new ParleyError('not_found')
  return { room }
}
