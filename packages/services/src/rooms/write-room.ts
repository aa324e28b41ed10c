/**
 * Every writer of a room but `append` goes through here: the first statement locks the room, everything after it
 * sees what was committed while it waited, and what was written is announced after the commit.
 */
import type { Queryable } from '@parley/contracts'
import { type Entry, type EntryKind, ParleyError, type Role, type RoomKind } from '@parley/protocol'
import type { Announcer } from './announcer.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { ENTRY_COLUMNS, type EntryData, type EntryRow, toEntry } from './entry.ts'

export interface LockedRoom {
  readonly id: string
  readonly kind: RoomKind
  readonly name: string
  readonly owner_id: string | null
  readonly head_seq: number
  /** What lies below was removed by retention, or is about to be. */
  readonly first_seq: number
  /** Of the acting user; null for somebody who is not a member. */
  readonly role: Role | null
}

export interface NewEntry {
  readonly kind: EntryKind
  readonly sender: string
  readonly client_id?: string | undefined
  readonly body?: string
  readonly target?: number
  readonly data?: EntryData | null
}

export interface RoomWriter extends Queryable {
  readonly room: LockedRoom
  /** Gives the entries the next numbers of the room. */
  append(entries: readonly NewEntry[]): Promise<Entry[]>
  /** Runs after the commit and after the entries were announced. */
  afterCommit(action: () => void): void
}

export type WriteRoom = <Result>(
  room: string,
  user: string,
  work: (writer: RoomWriter) => Promise<Result>,
) => Promise<Result>

/** Throws `not_found` for a room that is not there; who may do what is the work's own check. */
export function createWriteRoom(dependencies: RoomsDependencies, announcer: Announcer): WriteRoom {
  return async (room, user, work) => {
    const written: Entry[] = []
    const actions: (() => void)[] = []
    let outbox: number | null = null
    const result = await dependencies.database.transaction(async (transaction) => {
      const locked = await lockRoom(transaction, room, user)
      const writer: RoomWriter = {
        room: locked,
        query: (text, values, name) => transaction.query(text, values, name),
        async append(entries) {
          const appended = await appendEntries(transaction, room, entries)
          written.push(...appended.entries)
          outbox = appended.outbox
          return appended.entries
        },
        afterCommit: (action) => actions.push(action),
      }
      return work(writer)
    })
    announcer.entries(room, written, outbox)
    for (const action of actions) action()
    return result
  }
}

async function lockRoom(transaction: Queryable, room: string, user: string): Promise<LockedRoom> {
  await transaction.query('select 1 from rooms.room where id = $1 for update', [room], 'rooms.lock')
  const { rows } = await transaction.query<LockedRoom>(
    `select r.id, r.kind, r.name, r.owner_id, r.head_seq, r.first_seq, m.role
     from rooms.room r left join rooms.member m on m.room_id = r.id and m.user_id = $2 and m.ended_at is null
     where r.id = $1 and r.deleted_at is null`,
    [room, user],
    'rooms.locked',
  )
  const found = rows[0]
  if (found === undefined) throw new ParleyError('not_found')
  return found
}

/** The caller holds the room's lock. */
export async function appendEntries(
  transaction: Queryable,
  room: string,
  entries: readonly NewEntry[],
): Promise<{ entries: Entry[]; outbox: number | null }> {
  if (entries.length === 0) return { entries: [], outbox: null }
  const { rows } = await transaction.query<EntryRow & { outbox: number }>(
    `with head as (
       update rooms.room set head_seq = head_seq + cardinality($2::text[]), changed = pg_current_xact_id(),
         last_at = date_trunc('milliseconds', clock_timestamp())
       where id = $1 returning head_seq - cardinality($2::text[]) as base, head_seq, last_at),
     ins as (
       insert into rooms.entry (room_id, seq, kind, sender, client_id, at, body, target, data)
       select $1, head.base + x.n, x.kind, x.sender, x.client_id, head.last_at, x.body, x.target, x.data
       from head, unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[]) with ordinality
         as x(kind, sender, client_id, body, target, data, n)
       returning ${ENTRY_COLUMNS}),
     ob as (insert into rooms.outbox (heads) select jsonb_build_object($1::text, head_seq) from head returning id)
     select ins.*, ob.id as outbox from ins, ob order by seq`,
    [
      room,
      entries.map((entry) => entry.kind),
      entries.map((entry) => entry.sender),
      entries.map((entry) => entry.client_id ?? null),
      entries.map((entry) => entry.body ?? null),
      entries.map((entry) => entry.target ?? null),
      entries.map((entry) => (entry.data == null ? null : JSON.stringify(entry.data))),
    ],
    'rooms.append-entries',
  )
  return { entries: rows.map(toEntry), outbox: rows[0]?.outbox ?? null }
}

/** Throws as `assertMember`, and `forbidden` for a reader. */
export function assertWriter(room: LockedRoom): Role {
  const role = assertMember(room)
  if (role === 'reader') throw new ParleyError('forbidden', { message: 'You may only read in this room.' })
  return role
}

/** Throws `not_member` for a stranger in a public room, `not_found` in all others: their existence is not told. */
export function assertMember(room: Pick<LockedRoom, 'kind' | 'role'>): Role {
  if (room.role === null) throw new ParleyError(room.kind === 'public' ? 'not_member' : 'not_found')
  return room.role
}

export function isModerator(role: Role | null): boolean {
  return role === 'owner' || role === 'admin'
}

/** The entry this sender has already made in this room under this key; of one that retention has removed, what is known. */
export async function findRepetition(
  writer: Queryable,
  room: string,
  sender: string,
  clientId: string | undefined,
): Promise<Entry | undefined> {
  if (clientId === undefined) return undefined
  const { rows } = await writer.query<EntryRow>(
    `select ${ENTRY_COLUMNS} from rooms.log where room_id = $1 and sender = $2 and client_id = $3
     union all
     select room_id, seq, kind, $2, $3, at, '', null, null, true from rooms.spent
     where room_id = $1 and key = rooms.key_digest($2, $3)`,
    [room, sender, clientId],
    'rooms.repetition',
  )
  return rows[0] === undefined ? undefined : toEntry(rows[0])
}

export async function readEntry(reader: Queryable, room: string, seq: number): Promise<Entry> {
  const { rows } = await reader.query<EntryRow>(
    `select ${ENTRY_COLUMNS} from rooms.log where room_id = $1 and seq = $2`,
    [room, seq],
    'rooms.entry',
  )
  if (rows[0] === undefined) throw new ParleyError('not_found')
  return toEntry(rows[0])
}
