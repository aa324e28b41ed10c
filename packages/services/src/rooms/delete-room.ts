/** Deletion: the room answers 404 from the commit on and its name is free; the purge then removes what it held, in bounded steps. */
import type { Database, InputOf, Log, Queryable, roomsContract } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { Announcer } from './announcer.ts'
import { dropRoomAttachments } from './attachments.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { shareHolds } from './keep-held.ts'
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
      // No entry tells of it: whoever keeps something of the room asks again where it is. There is no head to announce.
      await writer.query(
        'insert into rooms.outbox (heads, announced) select jsonb_build_object(id, head_seq), true from rooms.room where id = $1',
        [room],
      )
      await writer.query(
        `insert into rooms.dropped_file (file_id)
         select picture_file_id from rooms.room where id = $1 and picture_file_id is not null`,
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

const CONTENT_TABLES = ['spent', 'search', 'reaction', 'pin', 'mark', 'ban'] as const

/** Removes one bounded step of what deleted rooms held; false when nothing was left. A room on hold waits. */
export async function purgeDeletedRooms(database: Database, log: Log): Promise<boolean> {
  const { rows } = await database.query<{ id: string; old: boolean }>(
    `select r.id, r.deleted_at < now() - make_interval(days => $1) as old from rooms.room r
     where r.deleted_at is not null and not rooms.held(r.id, null) and (r.deleted_at < now() - make_interval(days => $1) or r.purged_at is null) limit 1`,
    [TOMBSTONE_DAYS],
  )
  const room = rows[0]
  if (room === undefined) return false
  if (await purgeStep(database, room.id)) return true
  await database.query('update rooms.room set purged_at = now() where id = $1', [room.id])
  if (room.old) {
    await database.query('delete from rooms.member where room_id = $1', [room.id])
    await database.query('delete from rooms.room where id = $1', [room.id])
  }
  log.info({ room: room.id }, 'deleted room purged')
  return true
}

/** False when the room holds nothing any more. Its marks and bans go at last. */
function purgeStep(database: Database, room: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    await shareHolds(transaction)
    if ((await dropRoomAttachments(transaction, room, PURGE_MAX_ROWS)) > 0) return true
    for (const table of LOG_TABLES) if (await purgeEntries(transaction, table, room)) return true
    for (const table of CONTENT_TABLES) {
      const { rowCount } = await transaction.query(
        `delete from rooms.${table} where ctid = any(array(select ctid from rooms.${table} where room_id = $1 limit ${PURGE_MAX_ROWS}))`,
        [room],
      )
      if (rowCount > 0) return true
    }
    return false
  })
}

/** What people on hold have said is kept. */
async function purgeEntries(transaction: Queryable, table: string, room: string): Promise<boolean> {
  const { rows } = await transaction.query<{ count: number }>(
    `with gone as (
       delete from rooms.${table} where ctid = any(array(select ctid from rooms.${table} where room_id = $1 limit ${PURGE_MAX_ROWS}))
       returning room_id, seq, kind, sender, at, body, target, data, redacted),
     kept as (
       insert into rooms.kept (room_id, seq, kind, sender, at, body, target, data)
       select room_id, seq, kind, sender, at, body, target, data from gone
       where kind in ('message', 'edit') and not redacted and rooms.held(room_id, sender) on conflict do nothing)
     select count(*)::int as count from gone`,
    [room],
  )
  return (rows[0]?.count ?? 0) > 0
}
