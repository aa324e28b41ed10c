/** What a member wants to hear of from one room. */
import type { InputOf, notificationsContract, OutputOf } from '@parley/contracts'
import { type NotifyLevel, ParleyError } from '@parley/protocol'
import type { NotificationsDependencies } from './dependencies.ts'

type Contract = typeof notificationsContract

/** Throws `not_found` for what one may not know of, `not_member` for a public room one has not joined. */
async function assertMember(
  { rooms }: NotificationsDependencies,
  place: { user: string; room: string },
): Promise<void> {
  const { room } = await rooms.getRoom(place)
  if (room.me === undefined) throw new ParleyError('not_member')
}

export async function getRoomLevel(
  dependencies: NotificationsDependencies,
  { user, room }: InputOf<Contract, 'getRoomLevel'>,
): Promise<OutputOf<Contract, 'getRoomLevel'>> {
  await assertMember(dependencies, { user, room })
  const { rows } = await dependencies.database.query<{ level: NotifyLevel }>(
    'select level from notifications.level where room_id = $1 and user_id = $2',
    [room, user],
  )
  return { level: rows[0]?.level ?? 'mentions' }
}

export async function setRoomLevel(
  dependencies: NotificationsDependencies,
  { user, room, level }: InputOf<Contract, 'setRoomLevel'>,
): Promise<OutputOf<Contract, 'setRoomLevel'>> {
  await assertMember(dependencies, { user, room })
  await dependencies.database.query(
    `insert into notifications.level (room_id, user_id, level) values ($1, $2, $3)
     on conflict (room_id, user_id) do update set level = excluded.level`,
    [room, user, level],
  )
  return { level }
}
