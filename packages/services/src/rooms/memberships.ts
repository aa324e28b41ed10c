/** The rows of memberships; every change of them happens under the room's lock. */
import type { Queryable } from '@parley/contracts'
import { type Member, ParleyError, type Role, SMALL_ROOM_MAX_MEMBERS } from '@parley/protocol'
import { toUser, type UserColumns } from './read-room.ts'
import type { RoomWriter } from './write-room.ts'

/** Makes these users members, with their watermarks at `head`: what was said before they came is not unread. */
export async function startMemberships(
  transaction: Queryable,
  room: string,
  members: readonly { user: string; role: Role }[],
  head: number,
): Promise<void> {
  const users = members.map((member) => member.user)
  await transaction.query(
    `insert into rooms.member (room_id, user_id, role) select $1, * from unnest($2::text[], $3::text[])
     on conflict (room_id, user_id) do update set role = excluded.role, joined_at = now(), ended_at = null, changed = pg_current_xact_id()`,
    [room, users, members.map((member) => member.role)],
  )
  await transaction.query(
    `insert into rooms.mark (room_id, user_id, read_seq, delivered_seq) select $1, u, $3, $3 from unnest($2::text[]) as u
     on conflict (room_id, user_id) do update set read_seq = excluded.read_seq, delivered_seq = excluded.delivered_seq, changed = pg_current_xact_id()`,
    [room, users, head],
  )
  await transaction.query('update rooms.room set member_count = member_count + $2 where id = $1', [
    room,
    members.length,
  ])
}

/** Ends one membership and leaves its tombstone. */
export async function endMembership(writer: RoomWriter, user: string): Promise<void> {
  await writer.query(
    'update rooms.member set ended_at = now(), changed = pg_current_xact_id() where room_id = $1 and user_id = $2',
    [writer.room.id, user],
  )
  await writer.query('update rooms.room set member_count = member_count - 1 where id = $1', [writer.room.id])
}

export async function findRole(reader: Queryable, room: string, user: string): Promise<Role | null> {
  const { rows } = await reader.query<{ role: Role }>(
    'select role from rooms.member where room_id = $1 and user_id = $2 and ended_at is null',
    [room, user],
  )
  return rows[0]?.role ?? null
}

interface MemberRow extends UserColumns {
  role: Role
  joined_ms: number
  read_seq: number | null
  delivered_seq: number | null
  member_count: number
}

export interface MemberPage {
  readonly limit: number
  /** The member after whom the page begins. */
  readonly after?: { readonly joined: number; readonly user: string } | undefined
  /** Only this one. */
  readonly user?: string
}

/** Members in order of joining, with watermarks in rooms small enough for receipts. */
export async function readMembers(
  reader: Queryable,
  room: string,
  page: MemberPage,
): Promise<{ member: Member; joined: number }[]> {
  const { rows } = await reader.query<MemberRow>(
    `select m.user_id, u.username, u.display_name, u.avatar_file_id, m.role, extract(epoch from m.joined_at) * 1000 as joined_ms,
       k.read_seq, k.delivered_seq, r.member_count
     from rooms.member m join rooms.room r on r.id = m.room_id join rooms.users u on u.id = m.user_id
     left join rooms.mark k on k.room_id = m.room_id and k.user_id = m.user_id
     where m.room_id = $1 and m.ended_at is null and ($2::text is null or m.user_id = $2)
       and ($3::float8 is null or (extract(epoch from m.joined_at) * 1000, m.user_id) > ($3::float8, $4::text))
     order by extract(epoch from m.joined_at) * 1000, m.user_id limit $5`,
    [room, page.user ?? null, page.after?.joined ?? null, page.after?.user ?? null, page.limit],
  )
  return rows.map((row) => {
    const member: Member = { user: toUser(row), role: row.role, joined_at: Math.floor(Number(row.joined_ms)) }
    if (row.member_count <= SMALL_ROOM_MAX_MEMBERS && row.read_seq !== null && row.delivered_seq !== null) {
      member.read_seq = row.read_seq
      member.delivered_seq = row.delivered_seq
    }
    return { member, joined: Number(row.joined_ms) }
  })
}

export async function readMember(reader: Queryable, room: string, user: string): Promise<Member> {
  const [found] = await readMembers(reader, room, { limit: 1, user })
  if (found === undefined) throw new ParleyError('not_found')
  return found.member
}
