/**
 * Removes what nobody can need: all of rooms that were deleted and of people that there are no more, and inbox items
 * about what retention has deleted. By room, then by person, in bounded steps, each of which may be repeated.
 */
import type { InputOf, notificationsContract, OutputOf, Queryable } from '@parley/contracts'
import { announceInbox } from './announce-inbox.ts'
import type { NotificationsDependencies } from './dependencies.ts'
import { lockInboxes, readStates } from './inbox.ts'

type Contract = typeof notificationsContract
type Dependencies = Pick<NotificationsDependencies, 'database' | 'bus'> & {
  readonly rooms: Pick<NotificationsDependencies['rooms'], 'floors'>
  readonly auth: Pick<NotificationsDependencies['auth'], 'getUsers'>
}

/** Rooms or people of one call. */
const STEP_MAX = 200
/** Items of one commit. */
const BATCH_MAX_ITEMS = 500

/** `next`: where to go on; rooms first, then people. */
export async function sweepNotifications(
  dependencies: Dependencies,
  { after = 'rooms ' }: InputOf<Contract, 'sweepNotifications'>,
): Promise<OutputOf<Contract, 'sweepNotifications'>> {
  const [part, place = ''] = after.split(' ')
  if (part === 'people') return sweepPeople(dependencies, place)
  const { ids, next } = await pageOf(
    dependencies.database,
    'select room_id as id from notifications.room',
    place,
  )
  const { floors } = ids.length === 0 ? { floors: {} } : await dependencies.rooms.floors({ rooms: ids })
  let items = 0
  for (const room of ids) {
    // Nothing of a room that is gone is above any floor.
    const floor = floors[room] ?? Number.MAX_SAFE_INTEGER
    if (floor > 1) items += await removeItems(dependencies, room, floor)
  }
  const gone = ids.filter((room) => floors[room] === undefined)
  for (const table of ['waiting', 'level', 'push', 'push_shown', 'room'])
    await dependencies.database.query(`delete from notifications.${table} where room_id = any($1)`, [gone])
  return { items, rooms: gone.length, people: 0, next: next === undefined ? 'people ' : `rooms ${next}` }
}

async function sweepPeople(
  { database, auth }: Dependencies,
  place: string,
): Promise<OutputOf<Contract, 'sweepNotifications'>> {
  const { ids, next } = await pageOf(
    database,
    'select user_id as id from notifications.person union select user_id from notifications.level',
    place,
  )
  const { users } = ids.length === 0 ? { users: [] } : await auth.getUsers({ ids })
  const known = new Set(users.map(({ id }) => id))
  const gone = ids.filter((id) => !known.has(id))
  let items = 0
  for (const table of ['item', 'waiting', 'level', 'push_subscription', 'person']) {
    const { rowCount } = await database.query(`delete from notifications.${table} where user_id = any($1)`, [
      gone,
    ])
    if (table === 'item') items = rowCount
  }
  const result = { items, rooms: 0, people: gone.length }
  return next === undefined ? result : { ...result, next: `people ${next}` }
}

async function pageOf(
  reader: Queryable,
  select: string,
  after: string,
): Promise<{ ids: string[]; next: string | undefined }> {
  const { rows } = await reader.query<{ id: string }>(
    `select id from (${select}) x where id > $1 order by id limit ${STEP_MAX}`,
    [after],
  )
  const ids = rows.map(({ id }) => id)
  return { ids, next: ids.length < STEP_MAX ? undefined : ids.at(-1) }
}

/** How many were below the floor. */
async function removeItems({ database, bus }: Dependencies, room: string, floor: number): Promise<number> {
  let sum = 0
  for (;;) {
    const { count, told } = await database.transaction((transaction) => removeBatch(transaction, room, floor))
    for (const [user, { ids, unread, version }] of told)
      announceInbox(bus, user, { type: 'inbox', read: ids, unread, version })
    sum += count
    if (count < BATCH_MAX_ITEMS) return sum
  }
}

interface Told {
  readonly ids: string[]
  readonly unread: number
  readonly version: number
}

async function removeBatch(
  transaction: Queryable,
  room: string,
  floor: number,
): Promise<{ count: number; told: Map<string, Told> }> {
  const { rows } = await transaction.query<{ id: string; user_id: string }>(
    'select id, user_id from notifications.item where room_id = $1 and seq < $2 order by seq limit $3',
    [room, floor, BATCH_MAX_ITEMS],
    'notifications.below',
  )
  if (rows.length === 0) return { count: 0, told: new Map() }
  const users = [...new Set(rows.map((row) => row.user_id))]
  // A version is left out, by which devices know that they must ask for the list: no push takes items away.
  await lockInboxes(transaction, users)
  await lockInboxes(transaction, users)
  await transaction.query(
    'delete from notifications.item where id = any($1)',
    [rows.map(({ id }) => id)],
    'notifications.remove',
  )
  const states = await readStates(transaction, users)
  const told = new Map<string, Told>()
  for (const [user, state] of states)
    told.set(user, { ids: rows.filter((row) => row.user_id === user).map(({ id }) => id), ...state })
  return { count: rows.length, told }
}
