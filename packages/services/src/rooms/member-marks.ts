import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'

type Contract = typeof roomsContract

export async function memberMarks(
  database: Database,
  { members }: InputOf<Contract, 'memberMarks'>,
): Promise<OutputOf<Contract, 'memberMarks'>> {
  const { rows: marks } = await database.query<{
    user: string
    room: string
    read: number
    delivered: number
  }>(
    `select m.user_id as user, m.room_id as room, coalesce(k.read_seq, 0) as read, coalesce(k.delivered_seq, 0) as delivered
     from unnest($1::text[], $2::text[]) as i(user_id, room_id)
     join rooms.member m on m.room_id = i.room_id and m.user_id = i.user_id and m.ended_at is null
     join rooms.room r on r.id = m.room_id and r.deleted_at is null
     left join rooms.mark k on k.room_id = m.room_id and k.user_id = m.user_id`,
    [members.map(({ user }) => user), members.map(({ room }) => room)],
    'rooms.member-marks',
  )
  return { marks }
}
