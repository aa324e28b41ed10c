/** The contract's shape of rooms, as one user sees them. */
import type { Queryable } from '@parley/contracts'
import { ParleyError, type Role, type Room, type RoomKind, UNREAD_CAP, type User } from '@parley/protocol'
import { loadMessages } from './load-messages.ts'
import { assertMember } from './write-room.ts'

export interface UserColumns {
  user_id: string
  username: string
  display_name: string
  avatar_file_id: string | null
}

export function toUser(row: UserColumns): User {
  const user: User = { id: row.user_id, username: row.username, display_name: row.display_name }
  if (row.avatar_file_id !== null) user.avatar_url = `/api/v1/files/${row.avatar_file_id}`
  return user
}

interface RoomRow {
  id: string
  kind: RoomKind
  name: string
  owner_id: string | null
  head_seq: number
  first_seq: number
  created_at: Date
  last_at: Date
  member_count: number
  role: Role | null
  read_seq: number
  delivered_seq: number
  unread: number
  last_message_seq: number | null
  peer: UserColumns | null
  picture_file_id: string | null
}

/** Unread counts messages by others, not deleted, beyond the read watermark, up to the cap: a bounded index scan. */
const ROOM_QUERY = `
  select r.id, r.kind, r.name, r.owner_id, r.head_seq, r.first_seq, r.created_at, r.last_at, r.member_count, r.picture_file_id,
    m.role, coalesce(k.read_seq, 0) as read_seq, coalesce(k.delivered_seq, 0) as delivered_seq,
    case when m.role is null or coalesce(k.read_seq, 0) >= r.head_seq then 0 else (
      select count(*)::int from (
        select 1 from rooms.log e where e.room_id = r.id and e.seq > coalesce(k.read_seq, 0) and e.seq >= r.first_seq and e.kind = 'message'
          and not e.redacted and e.sender <> $1 limit ${UNREAD_CAP}) c) end as unread,
    case when m.role is not null then (
      select e.seq from rooms.log e where e.room_id = r.id and e.seq >= r.first_seq and e.kind = 'message' and not e.redacted
      order by e.seq desc limit 1) end as last_message_seq,
    case when r.kind = 'direct' then (
      select jsonb_build_object('user_id', u.id, 'username', u.username, 'display_name', u.display_name, 'avatar_file_id', u.avatar_file_id)
      from rooms.users u
      where u.id = case when split_part(r.direct_key, ' ', 1) = $1 then split_part(r.direct_key, ' ', 2) else split_part(r.direct_key, ' ', 1) end) end as peer
  from rooms.room r
  left join rooms.member m on m.room_id = r.id and m.user_id = $1 and m.ended_at is null
  left join rooms.mark k on k.room_id = r.id and k.user_id = $1
  where r.id = any($2) and r.deleted_at is null`

/** These rooms in the order asked for; those that are gone, or not public and not this user's, are left out. */
export async function readRooms(reader: Queryable, user: string, ids: readonly string[]): Promise<Room[]> {
  if (ids.length === 0) return []
  const { rows } = await reader.query<RoomRow>(ROOM_QUERY, [user, ids], 'rooms.read-rooms')
  const visible = rows.filter((row) => row.role !== null || row.kind === 'public')
  const lastKeys = visible.flatMap((row) =>
    row.last_message_seq === null ? [] : [{ room: row.id, seq: row.last_message_seq }],
  )
  const messages = await loadMessages(reader, user, lastKeys)
  const lastMessages = new Map(messages.map((message) => [message.room, message]))
  const rooms = new Map<string, Room>()
  for (const row of visible) {
    const room = toRoom(row)
    const last = lastMessages.get(row.id)
    if (last !== undefined) room.last_message = last
    rooms.set(row.id, room)
  }
  return ids.flatMap((id) => rooms.get(id) ?? [])
}

function toRoom(row: RoomRow): Room {
  const room: Room = {
    id: row.id,
    kind: row.kind,
    name: row.name,
    owner_id: row.owner_id,
    head_seq: row.head_seq,
    first_seq: row.first_seq,
    created_at: row.created_at.getTime(),
    last_at: row.last_at.getTime(),
    member_count: row.member_count,
  }
  if (row.role !== null)
    room.me = { role: row.role, read_seq: row.read_seq, delivered_seq: row.delivered_seq, unread: row.unread }
  if (row.picture_file_id !== null) room.picture_url = `/api/v1/files/${row.picture_file_id}`
  if (row.peer !== null) room.peer = toUser(row.peer)
  return room
}

/** Throws `not_found` for what this user may not know of. */
export async function readRoom(reader: Queryable, user: string, id: string): Promise<Room> {
  const [room] = await readRooms(reader, user, [id])
  if (room === undefined) throw new ParleyError('not_found')
  return room
}

/** The facts that are the same for everybody, for announcements. */
export function withoutMe(room: Room): Room {
  const { me: _me, peer: _peer, last_message: _last, ...facts } = room
  return facts
}

/** The facts that are the same for everybody, of whatever kind the rooms are; for those who were members. */
export async function readFacts(reader: Queryable, ids: readonly string[]): Promise<Room[]> {
  if (ids.length === 0) return []
  const { rows } = await reader.query<RoomRow>(ROOM_QUERY, ['', ids], 'rooms.read-rooms')
  return rows.map((row) => withoutMe(toRoom(row)))
}

/** Membership as one primary-key read. Throws `not_found` or `not_member`. */
export async function assertReader(
  reader: Queryable,
  user: string,
  room: string,
): Promise<{ role: Role; head_seq: number; first_seq: number; member_count: number }> {
  const { rows } = await reader.query<{
    kind: RoomKind
    role: Role | null
    head_seq: number
    first_seq: number
    member_count: number
  }>(
    `select r.kind, r.head_seq, r.first_seq, r.member_count, m.role from rooms.room r
     left join rooms.member m on m.room_id = r.id and m.user_id = $2 and m.ended_at is null
     where r.id = $1 and r.deleted_at is null`,
    [room, user],
    'rooms.reader',
  )
  const found = rows[0]
  if (found === undefined) throw new ParleyError('not_found')
  return { ...found, role: assertMember(found) }
}
