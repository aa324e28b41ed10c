/**
 * What a gateway asks every second while the bus cannot tell it who came and went. The rule of `resume` holds: the
 * cursor is the oldest transaction that was still running, so the next answer has everything that this one had not –
 * sometimes the same again, never too little.
 */
import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { parseCursor, type ReadEpoch } from './epoch.ts'
import { readFacts } from './read-room.ts'

type Contract = typeof roomsContract
type Output = OutputOf<Contract, 'changedMemberships'>

/** In one answer; with the facts of rooms, 300 KB. */
const PAGE_MAX_CHANGES = 500

interface Row {
  xmin: string
  xmax: string
  user_id: string | null
  room_id: string
  member: boolean
}

/** Where a list that was too long for one answer goes on: `epoch.since.then.user.room`. */
interface Position {
  /** What had changed since this transaction is listed. */
  readonly since: string
  /** The cursor after the last page: what the first page's snapshot could not see. */
  readonly then: string
  readonly user: string
  readonly room: string
}

function parsePosition(cursor: string, epoch: string): Position | undefined {
  const since = parseCursor(cursor, epoch)
  const [, , then = since, user = '', room = ''] = cursor.split('.')
  return since === undefined || then === undefined ? undefined : { since, then, user, room }
}

export async function changedMemberships(
  database: Database,
  readEpoch: ReadEpoch,
  { users, cursor }: InputOf<Contract, 'changedMemberships'>,
): Promise<Output> {
  const epoch = await readEpoch()
  const from = cursor === undefined ? undefined : parsePosition(cursor, epoch)
  const { rows } = await database.query<Row>(
    `select pg_snapshot_xmin(s.snapshot)::text as xmin, pg_snapshot_xmax(s.snapshot)::text as xmax, c.user_id, c.room_id, c.member
     from (select pg_current_snapshot() as snapshot) s left join lateral (
       select m.user_id, m.room_id, m.ended_at is null and r.deleted_at is null as member
       from rooms.member m join rooms.room r on r.id = m.room_id
       where m.changed >= $2::xid8 and m.user_id = any($1) and (m.user_id, m.room_id) > ($3, $4)
       order by m.user_id, m.room_id limit $5) c on true`,
    // Not prepared: a plan for any cursor takes it for an old one, and reads all memberships of all these users.
    [users, from?.since ?? null, from?.user ?? '', from?.room ?? '', PAGE_MAX_CHANGES + 1],
  )
  const { xmin, xmax } = rows[0] ?? { xmin: '0', xmax: '0' }
  // Of another epoch, or from the future of this database, which a restored backup no longer has.
  if (from === undefined || BigInt(from.since) > BigInt(xmax))
    return { cursor: `${epoch}.${xmin}`, changes: [], more: false, reset: true }
  const found = rows.flatMap((row) => (row.user_id === null ? [] : [{ ...row, user_id: row.user_id }]))
  const page = found.slice(0, PAGE_MAX_CHANGES)
  const last = page.at(-1)
  const more = found.length > page.length
  const then = from.user === '' ? xmin : from.then
  return {
    cursor:
      more && last !== undefined
        ? `${epoch}.${from.since}.${then}.${last.user_id}.${last.room_id}`
        : `${epoch}.${then}`,
    changes: await withFacts(database, page),
    more,
    reset: false,
  }
}

async function withFacts(
  database: Database,
  rows: readonly { user_id: string; room_id: string; member: boolean }[],
): Promise<Output['changes']> {
  const ended = new Set(rows.flatMap((row) => (row.member ? [] : [row.room_id])))
  const facts = new Map((await readFacts(database, [...ended])).map((room) => [room.id, room]))
  return rows.map(({ user_id: user, room_id: room, member }) => {
    const found = facts.get(room)
    return { user, room, member, ...(member || found === undefined ? {} : { facts: found }) }
  })
}
