/** What the calls service needs of rooms: who may call whom there, and lines of the log. */
import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { RING_MAX_USERS } from '@parley/protocol/calls'
import type { Directory } from './sync-users.ts'
import { assertMember, findRepetition, type LockedRoom, type WriteRoom } from './write-room.ts'

type Contract = typeof roomsContract

export function createCallRoom(database: Database, directory: Directory) {
  return async ({ user, room }: InputOf<Contract, 'callRoom'>): Promise<OutputOf<Contract, 'callRoom'>> => {
    const { rows } = await database.query<Pick<LockedRoom, 'kind' | 'role'>>(
      `select r.kind, m.role from rooms.room r
       left join rooms.member m on m.room_id = r.id and m.user_id = $2 and m.ended_at is null
       where r.id = $1 and r.deleted_at is null`,
      [room, user],
      'rooms.call-room',
    )
    const found = rows[0] ?? { kind: 'group', role: null }
    const role = assertMember(found)
    const { rows: members } = await database.query<{ user_id: string }>(
      `select user_id from rooms.member where room_id = $1 and ended_at is null limit ${RING_MAX_USERS + 1}`,
      [room],
      'rooms.call-members',
    )
    const allowed = await directory.hasPermission(user, 'start_call')
    return {
      direct: found.kind === 'direct',
      canStart: allowed && role !== 'reader',
      members: members.map(({ user_id }) => user_id),
    }
  }
}

/** The service's own word: also of somebody who is no member any more. */
export function createAppendCallLine(write: WriteRoom) {
  return async ({
    room,
    sender,
    client_id,
    line,
  }: InputOf<Contract, 'appendCallLine'>): Promise<Record<never, never>> => {
    await write(room, sender, async (writer) => {
      if ((await findRepetition(writer, room, sender, client_id)) !== undefined) return
      await writer.append([{ kind: 'call', sender, client_id, data: { call: line } }])
    })
    return {}
  }
}
