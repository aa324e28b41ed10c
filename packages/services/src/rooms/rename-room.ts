import type { InputOf, roomsContract } from '@parley/contracts'
import { nameKey, ParleyError, type Room } from '@parley/protocol'
import type { Announcer } from './announcer.ts'
import { announceUpdate } from './change-members.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { readRoom } from './read-room.ts'
import { assertMember, isModerator, type WriteRoom } from './write-room.ts'

const UNIQUE_VIOLATION = '23505'

export function createRenameRoom(dependencies: RoomsDependencies, announcer: Announcer, write: WriteRoom) {
  return async ({
    user,
    room,
    name,
  }: InputOf<typeof roomsContract, 'renameRoom'>): Promise<{ room: Room }> => {
    try {
      await write(room, user, async (writer) => {
        if (!isModerator(assertMember(writer.room)) || writer.room.kind === 'direct')
          throw new ParleyError('forbidden')
        if (writer.room.name === name) return
        await writer.query('update rooms.room set name = $2, name_key = $3 where id = $1', [
          room,
          name,
          nameKey(name),
        ])
        await writer.append([{ kind: 'rename', sender: user, data: { name } }])
        writer.afterCommit(() => announceUpdate({ ...dependencies, announcer }, room, user))
      })
    } catch (error) {
      if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) throw new ParleyError('room_name_taken')
      throw error
    }
    return { room: await readRoom(dependencies.database, user, room) }
  }
}
