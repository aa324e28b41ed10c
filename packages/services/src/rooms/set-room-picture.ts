import type { CallContext, InputOf, roomsContract } from '@parley/contracts'
import { ParleyError, type Role, type Room, type RoomKind } from '@parley/protocol'
import type { Announcer } from './announcer.ts'
import { announceUpdate } from './change-members.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { readRoom } from './read-room.ts'
import { assertMember, isModerator, type WriteRoom } from './write-room.ts'

type Input = InputOf<typeof roomsContract, 'setRoomPicture'>

/** Who may rename a room may give it a picture: one of their own uploads, made square by the files service. */
export function createSetRoomPicture(
  dependencies: RoomsDependencies,
  announcer: Announcer,
  write: WriteRoom,
) {
  const { database, files } = dependencies
  return async ({ user, room, file }: Input, context?: CallContext): Promise<{ room: Room }> => {
    const { kind, me } = await readRoom(database, user, room)
    assertMayChange({ kind, role: me?.role ?? null })
    const picture = file === null ? null : (await files.makeSquare({ user, id: file }, context)).file.id
    await write(room, user, async (writer) => {
      assertMayChange(writer.room)
      const { rows } = await writer.query<{ picture_file_id: string | null }>(
        'select picture_file_id from rooms.room where id = $1',
        [room],
      )
      const previous = rows[0]?.picture_file_id ?? null
      if (previous === picture) return
      await writer.query(
        'update rooms.room set picture_file_id = $2, changed = pg_current_xact_id() where id = $1',
        [room, picture],
      )
      if (previous !== null)
        await writer.query('insert into rooms.dropped_file (file_id) values ($1)', [previous])
      writer.afterCommit(() => announceUpdate({ ...dependencies, announcer }, room, user))
    })
    return { room: await readRoom(database, user, room) }
  }
}

function assertMayChange(room: { readonly kind: RoomKind; readonly role: Role | null }): void {
  if (!isModerator(assertMember(room)) || room.kind === 'direct') throw new ParleyError('forbidden')
}
