/**
 * What was taken back counts as unread no longer: a deleted message, a room one was removed from, a room that is gone.
 * The items stay where they are, without a text, and read. A call that was answered or is over rings no longer.
 */
import type { Queryable } from '@parley/contracts'
import { announceInbox } from './announce-inbox.ts'
import type { NotificationsDependencies } from './dependencies.ts'
import { type InboxState, lockInboxes, readStates } from './inbox.ts'
import { queueClearing } from './push/queue-pushes.ts'
import { endRingsOf } from './rings.ts'

/** A deleted message, a person that left with all up to then, or the whole room; or a call rings no longer for these. */
export type End = Taken | { readonly silent: readonly string[] | 'all' }
type Taken = { readonly seq: number } | { readonly user: string; readonly upto: number } | 'all'

/** People of one commit. */
const CLOSE_MAX_PEOPLE = 200

interface Span {
  readonly room: string
  /** Where the log stood when the ends were read. */
  readonly after: number
  readonly through: number
  readonly ends: readonly End[]
}

/** Goes on in the log to `through`; false, and nothing done, if somebody else went on from `after` meanwhile. */
export async function closeItems(dependencies: NotificationsDependencies, span: Span): Promise<boolean> {
  const { database, bus } = dependencies
  if (span.ends.length === 0) return move(database, span)
  for (;;) {
    const step = await database.transaction((transaction) => closeStep(dependencies, transaction, span))
    if (step === undefined) return false
    for (const [user, { ids, ...state }] of step.told)
      announceInbox(bus, user, { type: 'inbox', read: state.unread === 0 ? 'all' : ids, ...state })
    if (step.done) return true
  }
}

async function move(writer: Queryable, { room, after, through }: Omit<Span, 'ends'>): Promise<boolean> {
  const { rowCount } = await writer.query(
    'update notifications.room set seq = $3 where room_id = $1 and seq = $2',
    [room, after, through],
    'notifications.move',
  )
  return rowCount > 0
}

interface Step {
  readonly done: boolean
  readonly told: Map<string, InboxState & { ids: string[] }>
}

/** Whoever tells of this room holds its position, so what they told is seen here, and what they did not they will not. */
async function closeStep(
  { clock, newId }: NotificationsDependencies,
  transaction: Queryable,
  { room, after, through, ends: all }: Span,
): Promise<Step | undefined> {
  const { rows } = await transaction.query<{ seq: number }>(
    'select seq from notifications.room where room_id = $1 for update',
    [room],
    'notifications.hold-position',
  )
  if (rows[0]?.seq !== after) return undefined
  const ends = all.flatMap((end) => (end !== 'all' && 'silent' in end ? [] : [end]))
  const users = ends.length === 0 ? [] : await findPeople(transaction, room, ends)
  const told: Step['told'] = new Map()
  if (users.length > 0) await lockInboxes(transaction, users)
  await endRingsOf(transaction, room, silentOf(all), clock.now())
  if (users.length > 0) {
    await changeRows(transaction, DROP_WAITING, room, ends, users)
    for (const { id, user_id } of await changeRows(transaction, CLOSE_ITEMS, room, ends, users)) {
      const known = told.get(user_id) ?? { ids: [], unread: 0, version: 0 }
      known.ids.push(id)
      told.set(user_id, known)
    }
    await queueClearing(transaction, [...told.keys()], { nowMs: clock.now(), id: newId() })
    for (const [user, state] of await readStates(transaction, [...told.keys()]))
      told.set(user, { ids: told.get(user)?.ids ?? [], ...state })
  }
  const done = users.length < CLOSE_MAX_PEOPLE
  if (done) await move(transaction, { room, after, through })
  return { done, told }
}

/** For whom it rings no longer; whoever left the room is among them. */
function silentOf(ends: readonly End[]): readonly string[] | 'all' {
  const who = ends.map((end) => {
    if (end === 'all') return end
    if ('silent' in end) return end.silent
    return 'user' in end ? [end.user] : []
  })
  return who.includes('all') ? 'all' : who.flat()
}

/** `$1` the room, `$2` whether all of it, `$3` deleted messages, `$4` and `$5` who left and when. */
const ENDED = (
  row: string,
): string => `${row}.room_id = $1 and ($2 or ${row}.seq = any($3::bigint[]) or exists (
  select 1 from unnest($4::text[], $5::bigint[]) as l(user_id, upto)
  where l.user_id = ${row}.user_id and ${row}.seq <= l.upto))`

const CLOSE_ITEMS = `update notifications.item i set read_at = now()
  where i.user_id = any($6) and i.read_at is null and ${ENDED('i')} returning i.id, i.user_id`

const DROP_WAITING = `delete from notifications.waiting w
  where w.user_id = any($6) and ${ENDED('w')} returning '' as id, w.user_id`

async function changeRows(
  transaction: Queryable,
  statement: string,
  room: string,
  ends: readonly Taken[],
  users: readonly string[],
): Promise<{ id: string; user_id: string }[]> {
  const { rows } = await transaction.query<{ id: string; user_id: string }>(
    statement,
    [room, ...valuesOf(ends), users],
    statement === CLOSE_ITEMS ? 'notifications.close' : 'notifications.drop-waiting',
  )
  return rows
}

/** Each kind of end by the index that finds it: a big room has many items, and most of what ends has few. */
async function findPeople(transaction: Queryable, room: string, ends: readonly Taken[]): Promise<string[]> {
  const open = (where: string): string =>
    ['item', 'waiting']
      .map(
        (table) =>
          `select x.user_id from notifications.${table} x where x.room_id = $1 and ${where}${table === 'item' ? ' and x.read_at is null' : ''}`,
      )
      .join(' union ')
  const left = ['item', 'waiting'].map(
    (table) =>
      `select x.user_id from unnest($4::text[], $5::bigint[]) as l(user_id, upto) join notifications.${table} x
       on x.user_id = l.user_id and x.room_id = $1 and x.seq <= l.upto${table === 'item' ? ' and x.read_at is null' : ''}`,
  )
  const { rows } = await transaction.query<{ user_id: string }>(
    `${open('$2')} union ${open('x.seq = any($3::bigint[])')} union ${left.join(' union ')} limit ${CLOSE_MAX_PEOPLE}`,
    [room, ...valuesOf(ends)],
    'notifications.ended-for',
  )
  return rows.map(({ user_id }) => user_id)
}

function valuesOf(ends: readonly Taken[]): [boolean, number[], string[], number[]] {
  const left = ends.flatMap((end) => (end !== 'all' && 'user' in end ? [end] : []))
  return [
    ends.includes('all'),
    ends.flatMap((end) => (end !== 'all' && 'seq' in end ? [end.seq] : [])),
    left.map(({ user }) => user),
    left.map(({ upto }) => upto),
  ]
}
