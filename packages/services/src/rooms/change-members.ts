/** Who is in a room: join, leave, add, remove, ban, role. Check → commit → announce, under the room's lock. */
import type { InputOf, roomsContract } from '@parley/contracts'
import { type Member, ParleyError, type Role, type Room } from '@parley/protocol'
import type { Announcer } from './announcer.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { endMembership, findRole, readMember, startMemberships } from './memberships.ts'
import { readRoom, readRooms, withoutMe } from './read-room.ts'
import type { Directory } from './sync-users.ts'
import { assertMember, assertWriter, isModerator, type RoomWriter, type WriteRoom } from './write-room.ts'

type In<V extends keyof (typeof roomsContract)['verbs']> = InputOf<typeof roomsContract, V>

export interface ChangeMembers {
  joinRoom(input: In<'joinRoom'>): Promise<{ room: Room }>
  leaveRoom(input: In<'leaveRoom'>): Promise<Record<never, never>>
  addMember(input: In<'addMember'>): Promise<{ member: Member }>
  setRole(input: In<'setRole'>): Promise<{ member: Member }>
  removeMember(input: In<'removeMember'>): Promise<Record<never, never>>
  banMember(input: In<'banMember'>): Promise<Record<never, never>>
  liftBan(input: In<'liftBan'>): Promise<Record<never, never>>
}

interface Parts extends RoomsDependencies {
  readonly write: WriteRoom
  readonly announcer: Announcer
  readonly directory: Directory
}

export function createChangeMembers(parts: Parts): ChangeMembers {
  return {
    joinRoom: (input) => joinRoom(parts, input),
    leaveRoom: (input) => leaveRoom(parts, input),
    addMember: (input) => addMember(parts, input),
    setRole: (input) => setRole(parts, input),
    removeMember: (input) => removeMember(parts, input, false),
    banMember: (input) => removeMember(parts, input, true),
    liftBan: (input) => liftBan(parts, input),
  }
}

async function isBanned(writer: RoomWriter, user: string): Promise<boolean> {
  const { rows } = await writer.query('select 1 from rooms.ban where room_id = $1 and user_id = $2', [
    writer.room.id,
    user,
  ])
  return rows.length > 0
}

/** Appends the join, then starts the membership at the head it made. */
async function enter(parts: Parts, writer: RoomWriter, user: string, actor: string): Promise<void> {
  // A room whose last owner left belongs to who comes next, so that it can be looked after again.
  const role: Role = writer.room.owner_id === null && writer.room.kind !== 'direct' ? 'owner' : 'member'
  const [entry] = await writer.append([{ kind: 'join', sender: actor, data: { user } }])
  await startMemberships(writer, writer.room.id, [{ user, role }], entry?.seq ?? writer.room.head_seq)
  if (role === 'owner')
    await writer.query('update rooms.room set owner_id = $2 where id = $1', [writer.room.id, user])
  writer.afterCommit(() => parts.announcer.user(user, { type: 'added', room: writer.room.id }))
}

async function joinRoom(parts: Parts, { user, room }: In<'joinRoom'>): Promise<{ room: Room }> {
  await parts.write(room, user, async (writer) => {
    if (writer.room.role !== null) return
    if (writer.room.kind !== 'public') throw new ParleyError('not_found')
    if (await isBanned(writer, user))
      throw new ParleyError('forbidden', { message: 'You were banned from this room.' })
    await enter(parts, writer, user, user)
  })
  return { room: await readRoom(parts.database, user, room) }
}

async function addMember(
  parts: Parts,
  { user, room, username }: In<'addMember'>,
): Promise<{ member: Member }> {
  await parts.directory.assertPermission(user, 'invite')
  // Who may not know of the room must not learn from here which names exist.
  await parts.write(room, user, async (writer) => void assertWriter(writer.room))
  const [found] = await parts.directory.findByUsername([username])
  if (found === undefined) throw new ParleyError('not_found')
  await parts.write(room, user, async (writer) => {
    assertWriter(writer.room)
    if (writer.room.kind === 'direct')
      throw new ParleyError('forbidden', { message: 'A direct conversation stays between two.' })
    if ((await findRole(writer, room, found.id)) !== null) return
    if (await isBanned(writer, found.id))
      throw new ParleyError('forbidden', { message: 'This person was banned from the room.' })
    await enter(parts, writer, found.id, user)
  })
  return { member: await readMember(parts.database, room, found.id) }
}

/** Ends a membership, tells the log and the one concerned; a room without an owner gets the next in line. */
async function exit(parts: Parts, writer: RoomWriter, user: string, actor: string): Promise<void> {
  const [known] = await readRooms(writer, user, [writer.room.id])
  await endMembership(writer, user)
  const entries: Parameters<RoomWriter['append']>[0][number][] = [
    { kind: 'leave', sender: actor, data: { user } },
  ]
  if (writer.room.owner_id === user) {
    const heir = await passOn(writer)
    if (heir !== null) entries.push({ kind: 'role', sender: actor, data: { user: heir, role: 'owner' } })
  }
  await writer.append(entries)
  if (known !== undefined)
    writer.afterCommit(() => parts.announcer.user(user, { type: 'removed', room: withoutMe(known) }))
}

/** The oldest administrator, else the oldest member. A group nobody is left in can never be entered again, so it goes. */
async function passOn(writer: RoomWriter): Promise<string | null> {
  const { rows } = await writer.query<{ user_id: string }>(
    `update rooms.member set role = 'owner', changed = pg_current_xact_id() where room_id = $1 and user_id = (
       select user_id from rooms.member where room_id = $1 and ended_at is null
       order by role = 'admin' desc, role = 'member' desc, joined_at, user_id limit 1) returning user_id`,
    [writer.room.id],
  )
  const heir = rows[0]?.user_id ?? null
  await writer.query(
    `update rooms.room set owner_id = $2, deleted_at = case when $2::text is null and kind = 'group' then now() end where id = $1`,
    [writer.room.id, heir],
  )
  return heir
}

async function leaveRoom(parts: Parts, { user, room }: In<'leaveRoom'>): Promise<Record<never, never>> {
  await parts.write(room, user, async (writer) => {
    assertMember(writer.room)
    if (writer.room.kind === 'direct')
      throw new ParleyError('forbidden', { message: 'A direct conversation cannot be left.' })
    await exit(parts, writer, user, user)
  })
  return {}
}

const RANK: Record<Role, number> = { owner: 3, admin: 2, member: 1, reader: 0 }

async function removeMember(
  parts: Parts,
  { user, room, member }: In<'removeMember'>,
  ban: boolean,
): Promise<Record<never, never>> {
  if (user === member) {
    if (ban) throw new ParleyError('forbidden', { message: 'You cannot ban yourself.' })
    return leaveRoom(parts, { user, room })
  }
  await parts.directory.assertPermission(user, 'remove_member')
  await parts.write(room, user, async (writer) => {
    const role = assertMember(writer.room)
    if (!isModerator(role) || writer.room.kind === 'direct') throw new ParleyError('forbidden')
    const theirs = await findRole(writer, room, member)
    if (theirs === null && !ban)
      throw new ParleyError('not_found', { message: 'This person is not a member.' })
    if (theirs !== null && RANK[theirs] >= RANK[role]) throw new ParleyError('forbidden')
    if (ban) {
      const { rowCount } = await writer.query(
        `insert into rooms.ban (room_id, user_id, by_id) select $1, id, $3 from rooms.users where id = $2
         on conflict (room_id, user_id) do update set by_id = excluded.by_id`,
        [room, member, user],
      )
      if (rowCount === 0) throw new ParleyError('not_found')
    }
    if (theirs !== null) await exit(parts, writer, member, user)
  })
  return {}
}

async function liftBan(parts: Parts, { user, room, member }: In<'liftBan'>): Promise<Record<never, never>> {
  await parts.write(room, user, async (writer) => {
    if (!isModerator(assertMember(writer.room))) throw new ParleyError('forbidden')
    const { rowCount } = await writer.query('delete from rooms.ban where room_id = $1 and user_id = $2', [
      room,
      member,
    ])
    if (rowCount === 0) throw new ParleyError('not_found')
  })
  return {}
}

/** Owners set every role and may hand ownership over (becoming administrator); administrators set those below themselves. */
async function setRole(
  parts: Parts,
  { user, room, member, role }: In<'setRole'>,
): Promise<{ member: Member }> {
  await parts.write(room, user, async (writer) => {
    const own = assertMember(writer.room)
    if (!isModerator(own) || writer.room.kind === 'direct') throw new ParleyError('forbidden')
    const present = await findRole(writer, room, member)
    if (present === null) throw new ParleyError('not_found', { message: 'This person is not a member.' })
    if (present === role) return
    if (own !== 'owner' && (RANK[present] >= RANK.admin || RANK[role] >= RANK.admin))
      throw new ParleyError('forbidden')
    if (present === 'owner')
      throw new ParleyError('conflict', { message: 'Hand the ownership to somebody else instead.' })
    const changes = [{ user: member, role }]
    if (role === 'owner') {
      changes.unshift({ user, role: 'admin' })
      await writer.query('update rooms.room set owner_id = $2 where id = $1', [room, member])
    }
    for (const change of changes) {
      await writer.query(
        'update rooms.member set role = $3, changed = pg_current_xact_id() where room_id = $1 and user_id = $2',
        [room, change.user, change.role],
      )
    }
    await writer.append(changes.map((data) => ({ kind: 'role', sender: user, data })))
    writer.afterCommit(() => {
      for (const change of changes) parts.announcer.user(change.user, { type: 'changed', room })
      // Ownership is a fact for everybody.
      if (role === 'owner') announceUpdate(parts, room, user)
    })
  })
  return { member: await readMember(parts.database, room, member) }
}

/** Tells everybody the facts of the room that are the same for all. */
export function announceUpdate(
  { database, announcer, log }: Pick<Parts, 'database' | 'announcer' | 'log'>,
  room: string,
  user: string,
): void {
  readRoom(database, user, room)
    .then((found) => announcer.room(room, { type: 'updated', room: withoutMe(found) }))
    .catch((error: unknown) => log.debug({ room, error: String(error) }, 'room update not announced'))
}
