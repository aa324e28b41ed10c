import type { InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { GROUP_NAMES_MAX, nameKey, ParleyError, type Role, type RoomKind } from '@parley/protocol'
import type { Announcer } from './announcer.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { startMemberships } from './memberships.ts'
import { readRoom } from './read-room.ts'
import type { Directory } from './sync-users.ts'
import { appendEntries } from './write-room.ts'

type Input = InputOf<typeof roomsContract, 'createRoom'>
type Output = OutputOf<typeof roomsContract, 'createRoom'>

interface NewRoom {
  readonly id: string
  readonly kind: RoomKind
  readonly name: string
  readonly owner: string
  readonly directKey: string | null
  readonly members: readonly { user: string; role: Role }[]
}

/** Opens a room; for two people who already have a direct room, that one. */
export function createCreateRoom(
  dependencies: RoomsDependencies,
  announcer: Announcer,
  directory: Directory,
): (input: Input) => Promise<Output> {
  const { database, newId } = dependencies
  return async (input) => {
    const planned = await plan(input, directory, newId())
    if (planned.directKey !== null) {
      const known = await findDirect(dependencies, planned.directKey)
      if (known !== undefined) return { room: await readRoom(database, input.user, known), fresh: false }
    }
    await directory.assertPermission(input.user, 'create_room')
    if (planned.kind === 'group' && planned.members.length > 1)
      await directory.assertPermission(input.user, 'invite')
    const stored = await store(dependencies, announcer, planned)
    const room = await readRoom(database, input.user, stored.id)
    if (stored.fresh)
      for (const { user } of planned.members) announcer.user(user, { type: 'added', room: stored.id })
    return { room, fresh: stored.fresh }
  }
}

const invalid = (field: string, sentence: string) =>
  new ParleyError('invalid_request', { details: { fields: { [field]: sentence } } })

async function plan(input: Input, directory: Directory, id: string): Promise<NewRoom> {
  const { kind, user } = input
  const usernames = [...new Set(input.usernames)]
  if (kind === 'public') {
    if (input.name === undefined) throw invalid('name', 'is missing')
    if (usernames.length > 0)
      throw invalid('usernames', 'are for group and direct rooms; a public room is joined')
    return { id, kind, name: input.name, owner: user, directKey: null, members: [{ user, role: 'owner' }] }
  }
  if (usernames.length > GROUP_NAMES_MAX) throw invalid('usernames', `at most ${GROUP_NAMES_MAX}`)
  if (kind === 'direct' && usernames.length !== 1) throw invalid('usernames', 'name exactly one person')
  const others = (await directory.findByUsername(usernames)).map((found) => found.id)
  if (kind === 'direct') {
    const pair = [...new Set([user, ...others])]
    const directKey = [user, others[0] ?? user].sort().join(' ')
    return {
      id,
      kind,
      name: '',
      owner: user,
      directKey,
      members: pair.map((member) => ({ user: member, role: 'member' })),
    }
  }
  const members = [...new Set(others)]
    .filter((other) => other !== user)
    .map((other) => ({ user: other, role: 'member' as const }))
  return {
    id,
    kind,
    name: input.name ?? usernames.join(', ').slice(0, 80),
    owner: user,
    directKey: null,
    members: [{ user, role: 'owner' }, ...members],
  }
}

async function findDirect({ database }: RoomsDependencies, key: string): Promise<string | undefined> {
  const { rows } = await database.query<{ id: string }>(
    'select id from rooms.room where direct_key = $1 and deleted_at is null',
    [key],
  )
  return rows[0]?.id
}

/** The new room is not visible to anybody before the commit, so its insertion is its lock. */
async function store(
  dependencies: RoomsDependencies,
  announcer: Announcer,
  room: NewRoom,
): Promise<{ id: string; fresh: boolean }> {
  let appended: Awaited<ReturnType<typeof appendEntries>> | undefined
  const fresh = await dependencies.database.transaction(async (transaction) => {
    // Loses against a room of the same name, or the same two people, that commits first; waits while it is undecided.
    const { rowCount } = await transaction.query(
      `insert into rooms.room (id, kind, name, name_key, owner_id, direct_key) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
      [
        room.id,
        room.kind,
        room.name,
        nameKey(room.name),
        room.kind === 'direct' ? null : room.owner,
        room.directKey,
      ],
    )
    if (rowCount === 0) return false
    appended = await appendEntries(
      transaction,
      room.id,
      room.members.map(({ user }) => ({ kind: 'join', sender: room.owner, data: { user } })),
    )
    await startMemberships(transaction, room.id, room.members, room.members.length)
    return true
  })
  if (fresh) {
    announcer.entries(room.id, appended?.entries ?? [], appended?.outbox ?? null)
    return { id: room.id, fresh }
  }
  const known = room.directKey === null ? undefined : await findDirect(dependencies, room.directKey)
  if (known === undefined) throw new ParleyError('room_name_taken')
  return { id: known, fresh }
}
