/** Deletion: the room answers 404 from the commit on and its name is free; the purge then removes what it held, in bounded steps. */
import type { Database, InputOf, Log, roomsContract } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { Announcer } from './announcer.ts'
import { dropRoomAttachments } from './attachments.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { LOG_TABLES } from './log-tables.ts'
import { readRoom, withoutMe } from './read-room.ts'
import { assertMember, type WriteRoom } from './write-room.ts'

export function createDeleteRoom(dependencies: RoomsDependencies, announcer: Announcer, write: WriteRoom) {
  return async ({
    user,
    room,
  }: InputOf<typeof roomsContract, 'deleteRoom'>): Promise<Record<never, never>> => {
    const facts = withoutMe(await readRoom(dependencies.database, user, room))
    await write(room, user, async (writer) => {
      if (assertMember(writer.room) !== 'owner')
        throw new ParleyError('forbidden', { message: 'Only the owner may delete a room.' })
      await writer.query(
        'update rooms.room set deleted_at = now(), direct_key = null, changed = pg_current_xact_id() where id = $1',
        [room],
      )
      writer.afterCommit(() => announcer.room(room, { type: 'deleted', room: facts }))
    })
    return {}
  }
}

/** Rows a step removes: short enough to hold no lock that anybody notices. */
const PURGE_MAX_ROWS = 2_000
/** A deleted room's row and tombstones stay this long, so that clients that were away are told that it is gone. */
const TOMBSTONE_DAYS = 90

const CONTENT_TABLES = [...LOG_TABLES, 'search', 'reaction', 'pin', 'mark', 'ban'] as const

/** Removes one bounded step of what deleted rooms held; false when nothing was left. */
export async function purgeDeletedRooms(database: Database, log: Log): Promise<boolean> {
  const { rows } = await database.query<{ id: string; old: boolean }>(
    `select r.id, r.deleted_at < now() - make_interval(days => $1) as old from rooms.room r
     where r.deleted_at is not null and (r.deleted_at < now() - make_interval(days => $1) or r.purged_at is null) limit 1`,
    [TOMBSTONE_DAYS],
  )
  const room = rows[0]
  if (room === undefined) return false
  if ((await dropRoomAttachments(database, room.id, PURGE_MAX_ROWS)) > 0) return true
  for (const table of CONTENT_TABLES) {
    const { rowCount } = await database.query(
      `delete from rooms.${table} where ctid = any(array(select ctid from rooms.${table} where room_id = $1 limit ${PURGE_MAX_ROWS}))`,
      [room.id],
    )
    if (rowCount > 0) return true
  }
  await database.query('update rooms.room set purged_at = now() where id = $1', [room.id])
  if (room.old) {
    await database.query('delete from rooms.member where room_id = $1', [room.id])
    await database.query('delete from rooms.room where id = $1', [room.id])
  }
  log.info({ room: room.id }, 'deleted room purged')
  return true
}
