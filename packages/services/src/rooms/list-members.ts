import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { ParleyError, type User } from '@parley/protocol'
import { decodePage, encodePage } from '../shared/page-token.ts'
import { readMembers } from './memberships.ts'
import { assertReader, toUser, type UserColumns } from './read-room.ts'
import { isModerator } from './write-room.ts'

type Contract = typeof roomsContract

/** In order of joining. */
export async function listMembers(
  database: Database,
  input: InputOf<Contract, 'listMembers'>,
): Promise<OutputOf<Contract, 'listMembers'>> {
  await assertReader(database, input.user, input.room)
  const place =
    input.cursor === undefined ? undefined : decodePage(input.cursor, { joined: 'number', user: 'string' })
  const after = place === undefined ? undefined : { joined: Number(place.joined), user: String(place.user) }
  const found = await readMembers(database, input.room, { limit: input.limit + 1, after })
  const shown = found.slice(0, input.limit)
  const last = shown.at(-1)
  const members = shown.map(({ member }) => member)
  if (found.length <= input.limit || last === undefined) return { members }
  return { members, next: encodePage({ joined: last.joined, user: last.member.user.id }) }
}

/** For those who may lift a ban. */
export async function listBans(
  database: Database,
  { user, room }: InputOf<Contract, 'listBans'>,
): Promise<{ users: User[] }> {
  const { role } = await assertReader(database, user, room)
  if (!isModerator(role)) throw new ParleyError('forbidden')
  const { rows } = await database.query<UserColumns>(
    `select u.id as user_id, u.username, u.display_name, u.avatar_file_id from rooms.ban b join rooms.users u on u.id = b.user_id
     where b.room_id = $1 order by b.at desc limit 200`,
    [room],
  )
  return { users: rows.map(toUser) }
}
