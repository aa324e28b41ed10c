/**
 * Retention: deletes for good what is older than a room's time. The floor of a room (`first_seq`) is raised first, and
 * from that commit on nobody is shown what lies below it and nobody can change it; so the rows go after it without a
 * lock on the room, and a process that dies between the two leaves rows that nobody sees and that the next run finds.
 * No head moves. The relay tells the rooms' facts to whoever is connected, cursors to whoever comes back.
 */
import type {
  CallContext,
  Clock,
  Database,
  InputOf,
  Log,
  OutputOf,
  Queryable,
  roomsContract,
} from '@parley/contracts'
import { dropAttachments } from './attachments.ts'
import { keepHeld, type Places, releaseKept } from './keep-held.ts'
import { changeEntries, LOG_TABLES } from './log-tables.ts'
import { PAGE_MAX_ROOMS, walkRooms } from './walk-rooms.ts'

type Contract = typeof roomsContract
type Output = OutputOf<Contract, 'expireMessages'>

interface Span {
  readonly room: string
  /** Older than this goes; null: only what already lies below the floor. */
  readonly before: Date | null
}

/** Of one call, well before its caller's deadline. */
const RELEASE_MAX_MS = 1_000

interface Removed {
  readonly entries: number
  readonly messages: number
  readonly kept: number
}

/** One bounded step: answers what was removed, and where to go on. */
export async function expireMessages(
  { database, clock, log }: { database: Database; clock: Clock; log: Log },
  { days, after }: InputOf<Contract, 'expireMessages'>,
  signal?: CallContext['signal'],
): Promise<Output> {
  const sum = { entries: 0, messages: 0, kept: 0 }
  if ((after ?? '') === '' && (await releaseSome(database, clock))) return { ...sum, rooms: 0, next: '' }
  const walked = await walkRooms<Span>(clock, {
    after,
    signal,
    page: (place) => findRooms(database, place, days),
    async batch(spans, limitEach) {
      const raised = await raiseFloors(database, spans, limitEach)
      const rooms = spans.map(({ room }) => room)
      const { counts, ...removed } = await database.transaction((transaction) =>
        removeBelow(transaction, rooms, limitEach),
      )
      sum.entries += removed.entries
      sum.messages += removed.messages
      sum.kept += removed.kept
      await database.query('select rooms.analyze_archive()', [], 'rooms.analyze-archive')
      return spans.filter(({ room }) => raised.get(room) === true || counts.get(room) === limitEach)
    },
  })
  if (sum.entries > 0)
    log.info({ ...sum, rooms: walked.rooms }, 'what was older than its room keeps it was deleted')
  return { ...sum, ...walked }
}

/** For about a second; true when there is more to release. */
async function releaseSome(database: Database, clock: Clock): Promise<boolean> {
  const startedAt = clock.now()
  while (await database.transaction(releaseKept)) if (clock.now() - startedAt >= RELEASE_MAX_MS) return true
  return false
}

/** A room's time: its own, at most the server's. By the clock that entries have their times from. */
export const ROOM_BEFORE =
  'now() - make_interval(days => least(coalesce(r.retention_days, $2::int), coalesce($2::int, r.retention_days)))'

/** Those with something older than their time, and those where a run has left rows below the floor. */
async function findRooms(
  database: Database,
  after: string,
  days: number | null,
): Promise<{ due: Span[]; last: string | undefined }> {
  const { rows } = await database.query<{
    id: string
    before: Date | null
    due: boolean | null
    left: boolean | null
  }>(
    `select r.id, r.before,
       not rooms.held(r.id, null) and
         (select e.at from rooms.log e where e.room_id = r.id and e.seq >= r.first_seq order by e.seq limit 1) < r.before as due,
       (select e.seq from rooms.log e where e.room_id = r.id order by e.seq limit 1) < r.first_seq as left
     from (select r.id, r.first_seq, ${ROOM_BEFORE} as before
       from rooms.room r where r.id > $1 and r.deleted_at is null order by r.id limit $3) r order by r.id`,
    [after, days, PAGE_MAX_ROOMS],
    'rooms.expire-due',
  )
  return {
    due: rows.flatMap(({ id, before, due, left }) =>
      due === true ? [{ room: id, before }] : left === true ? [{ room: id, before: null }] : [],
    ),
    last: rows.length === PAGE_MAX_ROOMS ? rows.at(-1)?.id : undefined,
  }
}

/** Which of the rooms have more that is old. */
async function raiseFloors(
  database: Database,
  spans: readonly Span[],
  limitEach: number,
): Promise<Map<string, boolean>> {
  const due = spans.filter(({ before }) => before !== null)
  if (due.length === 0) return new Map()
  const { rows } = await database.query<{ room_id: string; more: boolean }>(
    'select * from rooms.raise_floors($1, $2, $3)',
    [due.map(({ room }) => room), due.map(({ before }) => before), limitEach],
    'rooms.raise-floors',
  )
  return new Map(rows.map(({ room_id, more }) => [room_id, more]))
}

/** One commit: the oldest rows below the floors, and all that hangs on them. `counts` by room. */
async function removeBelow(
  transaction: Queryable,
  ids: readonly string[],
  limitEach: number,
): Promise<Removed & { counts: Map<string, number> }> {
  const { rows } = await transaction.query<{ room_id: string; seq: number }>(
    'select * from rooms.below_floors($1, $2)',
    [ids, limitEach],
    'rooms.below-floors',
  )
  const counts = new Map<string, number>()
  for (const { room_id } of rows) counts.set(room_id, (counts.get(room_id) ?? 0) + 1)
  if (rows.length === 0) return { entries: 0, messages: 0, kept: 0, counts }
  const places = { rooms: rows.map(({ room_id }) => room_id), seqs: rows.map(({ seq }) => seq) }
  const kept = await keepHeld(transaction, places)
  await removeWhatHangsOn(transaction, places)
  return { ...(await removeEntries(transaction, places)), kept, counts }
}

async function removeWhatHangsOn(transaction: Queryable, { rooms, seqs }: Places): Promise<void> {
  // An edit is younger than its message and stays a while, without its words.
  await changeEntries(
    transaction,
    {
      set: `body = '', redacted = true, data = null`,
      where: `kind = 'edit' and not redacted and (room_id, target) in (select * from unnest($1::text[], $2::bigint[]))`,
    },
    [rooms, seqs],
    'rooms.expire-edits',
  )
  const carriers = await transaction.query<{ room_id: string; seqs: number[] }>(
    `select a.room_id, array_agg(distinct a.seq) as seqs from unnest($1::text[], $2::bigint[]) as k(room_id, seq)
     join rooms.attachment a on a.room_id = k.room_id and a.seq = k.seq group by 1 order by 1`,
    [rooms, seqs],
    'rooms.expire-carriers',
  )
  for (const carrier of carriers.rows)
    await dropAttachments(transaction, carrier.room_id, carrier.seqs.map(Number))
  for (const [table, column] of [
    ['search', 'seq'],
    ['reaction', 'target'],
    ['pin', 'target'],
  ] as const) {
    await transaction.query(
      `delete from rooms.${table} x using unnest($1::text[], $2::bigint[]) as k(room_id, seq)
       where x.room_id = k.room_id and x.${column} = k.seq`,
      [rooms, seqs],
      `rooms.expire-${table}`,
    )
  }
}

/** The hot table first: what is moved to the archive meanwhile is found there by the second statement. */
async function removeEntries(
  transaction: Queryable,
  { rooms, seqs }: Places,
): Promise<{ entries: number; messages: number }> {
  const sum = { entries: 0, messages: 0 }
  for (const table of LOG_TABLES) {
    const { rows } = await transaction.query<{ entries: number; messages: number }>(
      `with gone as (
         delete from rooms.${table} e using unnest($1::text[], $2::bigint[]) as k(room_id, seq)
         where e.room_id = k.room_id and e.seq = k.seq
         returning e.room_id, e.seq, e.kind, e.sender, e.client_id, e.at),
       spent as (
         insert into rooms.spent (room_id, key, seq, kind, at)
         select room_id, rooms.key_digest(sender, client_id), seq, kind, at from gone where client_id is not null
         on conflict do nothing)
       select count(*)::int as entries, (count(*) filter (where kind = 'message'))::int as messages from gone`,
      [rooms, seqs],
      `rooms.expire-${table}`,
    )
    sum.entries += rows[0]?.entries ?? 0
    sum.messages += rows[0]?.messages ?? 0
  }
  return sum
}
