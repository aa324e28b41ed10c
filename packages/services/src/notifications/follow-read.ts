/** Who has read the message has read what the inbox says of it. */
import type { InputOf, notificationsContract } from '@parley/contracts'
import type { NotificationsDependencies } from './dependencies.ts'
import { markRead } from './read-notifications.ts'

/** Rooms with unread items that one look compares; those of the newest items first. */
const FOLLOW_MAX_ROOMS = 200

/** Cheap where there is nothing to do, because gateways say it of every glance. */
export async function followRead(
  dependencies: NotificationsDependencies,
  { user, room, read }: InputOf<typeof notificationsContract, 'followRead'>,
): Promise<Record<never, never>> {
  const { rows } = await dependencies.database.query(
    'select 1 from notifications.item where user_id = $1 and room_id = $2 and read_from <= $3 and read_at is null limit 1',
    [user, room, read],
    'notifications.covered',
  )
  if (rows.length > 0) await markRead(dependencies, user, { upto: new Map([[room, read]]) })
  return {}
}

/** What nobody may have said: compares with the watermarks themselves. What one cannot look at any more counts as read. */
export async function followMarks(dependencies: NotificationsDependencies, user: string): Promise<void> {
  const { rows } = await dependencies.database.query<{ room_id: string; first: number; last: number }>(
    `select room_id, min(read_from) as first, max(read_from) as last from notifications.item where user_id = $1 and read_at is null
     group by room_id order by max(at) desc limit ${FOLLOW_MAX_ROOMS}`,
    [user],
    'notifications.open-rooms',
  )
  if (rows.length === 0) return
  const { marks } = await dependencies.rooms.memberMarks({
    members: rows.map((row) => ({ user, room: row.room_id })),
  })
  const reads = new Map(marks.map(({ room, read }) => [room, read]))
  // Of a room one has left no further than was seen here: whoever is added again meanwhile starts fresh.
  const upto = rows.flatMap(({ room_id, first, last }): [string, number][] => {
    const read = reads.get(room_id) ?? last
    return read >= first ? [[room_id, read]] : []
  })
  if (upto.length > 0) await markRead(dependencies, user, { upto: new Map(upto) })
}
