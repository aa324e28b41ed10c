/** Decides for a batch of members, keeps what is to be kept, and tells their devices. */
import type { Queryable } from '@parley/contracts'
import type { NotifyLevel, PresenceState } from '@parley/protocol'
import { isQuiet } from '@parley/protocol/is-quiet'
import { announceInbox } from './announce-inbox.ts'
import { type Decision, decide, REACH_WAIT_MS } from './decide.ts'
import type { NotificationsDependencies } from './dependencies.ts'
import { scheduleDigests } from './digest/schedule-digests.ts'
import { type Candidate, placeOf } from './find-candidates.ts'
import { type InboxState, type ItemRow, insertItems, lockInboxes, readStates, toItem } from './inbox.ts'
import { queuePushes } from './push/queue-pushes.ts'
import { beginRings, queueRings } from './rings.ts'
import { readSettings } from './settings.ts'

/** Candidates in one batch: what one question to rooms and one to sessions is about, and one transaction. */
export const TELL_MAX = 500

/** `waiting`: rows of those who wait. Otherwise from this room's log, which was looked at up to `seq` when it was read. */
export type Origin = 'waiting' | { readonly room: string; readonly seq: number }

/**
 * At most `TELL_MAX`, at most one per person, room and seq. What was told before is not told again. What was taken back
 * since the candidates were read is not told: false if others have gone on in the log, so that it must be read anew.
 */
export async function tellMembers(
  dependencies: NotificationsDependencies,
  candidates: readonly Candidate[],
  origin: Origin,
): Promise<boolean> {
  if (candidates.length === 0) return true
  const { database, newId, clock } = dependencies
  const decided = await decideAll(dependencies, candidates)
  const which = (...wanted: Decision[]) => decided.filter(({ decision }) => wanted.includes(decision))
  const kept = which('inbox', 'alert').flatMap(({ candidate, readFrom }) => {
    const { kind } = candidate
    return kind === 'ring' ? [] : [{ ...candidate, kind, readFrom, id: newId() }]
  })
  const alerts = new Set(which('alert').map(({ candidate }) => candidate.user))
  const waiting = which('wait').map(({ candidate }) => candidate)
  const told = await database.transaction(async (transaction) => {
    if (origin !== 'waiting' && !(await isAt(transaction, origin))) return undefined
    if (kept.length > 0)
      await lockInboxes(
        transaction,
        kept.map(({ user }) => user),
      )
    const waited = await replaceWaiting(transaction, candidates, waiting)
    await ring(transaction, decided, origin === 'waiting' ? waited : undefined, clock.now())
    const fresh = origin === 'waiting' ? kept.filter((one) => waited.has(placeOf(one))) : kept
    if (fresh.length === 0) return []
    const rows = await insertItems(transaction, fresh)
    await scheduleDigests(transaction, rows)
    await queuePushes(
      transaction,
      rows.filter((row) => alerts.has(row.user_id)),
      clock.now(),
    )
    return withStates(transaction, rows)
  })
  if (told === undefined) return false
  await announce(dependencies, told, alerts)
  return true
}

/** Also for those who may be about to get it by themselves: until then it is known that it rings for them. */
async function ring(
  transaction: Queryable,
  decided: readonly Decided[],
  waited: ReadonlySet<string> | undefined,
  nowMs: number,
): Promise<void> {
  const rings = decided.filter((one) => one.candidate.kind === 'ring' && one.decision !== 'nothing')
  if (rings.length === 0) return
  const isNew =
    waited ??
    (await beginRings(
      transaction,
      rings.map(({ candidate }) => candidate),
    ))
  const due = rings.filter(({ candidate, decision }) => decision === 'alert' && isNew.has(placeOf(candidate)))
  await queueRings(
    transaction,
    due.map(({ candidate }) => candidate),
    nowMs,
  )
}

/** Nobody goes on in the log, and so takes nothing back, until this transaction has told what it tells. */
async function isAt(transaction: Queryable, { room, seq }: { room: string; seq: number }): Promise<boolean> {
  const { rows } = await transaction.query<{ seq: number }>(
    'select seq from notifications.room where room_id = $1 for share',
    [room],
    'notifications.is-at',
  )
  return rows[0]?.seq === seq
}

interface Decided {
  readonly candidate: Candidate
  readonly decision: Decision
  readonly readFrom: number
}

/** At most `TELL_MAX`, in their order; by what is known now. */
export async function decideAll(
  { database, rooms, sessions, clock }: NotificationsDependencies,
  candidates: readonly Candidate[],
): Promise<Decided[]> {
  const users = [...new Set(candidates.map(({ user }) => user))]
  const pairs = new Map(candidates.map(({ user, room }) => [keyOf(user, room), { user, room }]))
  const [{ marks }, { presence }, levels, settings] = await Promise.all([
    rooms.memberMarks({ members: [...pairs.values()] }),
    sessions.getPresence({ users }),
    readLevels(database, [...pairs.values()]),
    readSettings(database, users),
  ])
  const marksOf = new Map(marks.map((mark) => [keyOf(mark.user, mark.room), mark]))
  const states = new Map<string, PresenceState>(presence.map(({ user, state }) => [user, state]))
  const now = clock.now()
  return candidates.map((candidate) => {
    const key = keyOf(candidate.user, candidate.room)
    const marked = marksOf.get(key)
    const own = settings.get(candidate.user)
    const decision = decide({
      kind: candidate.kind,
      own: candidate.user === candidate.from,
      member: marked !== undefined,
      level: levels.get(key) ?? 'mentions',
      // A membership begins with its watermarks at the joining itself: nobody has seen that by being added.
      read: candidate.kind !== 'added' && (marked?.read ?? 0) >= candidate.seq,
      delivered: (marked?.delivered ?? 0) >= candidate.seq,
      presence: states.get(candidate.user) ?? 'offline',
      ageMs: now - candidate.at,
      quiet: own !== undefined && isQuiet(now, own),
    })
    const { seq } = candidate
    const readFrom = candidate.kind === 'added' ? Math.max(seq, marked?.read ?? 0) + 1 : seq
    return { candidate, decision, readFrom }
  })
}

const keyOf = (user: string, room: string): string => `${user} ${room}`

async function readLevels(
  reader: Queryable,
  pairs: readonly { user: string; room: string }[],
): Promise<Map<string, NotifyLevel>> {
  const { rows } = await reader.query<{ user_id: string; room_id: string; level: NotifyLevel }>(
    `select l.user_id, l.room_id, l.level from unnest($1::text[], $2::text[]) as p(user_id, room_id)
     join notifications.level l on l.room_id = p.room_id and l.user_id = p.user_id`,
    [pairs.map(({ user }) => user), pairs.map(({ room }) => room)],
    'notifications.levels',
  )
  return new Map(rows.map((row) => [keyOf(row.user_id, row.room_id), row.level]))
}

/** Those of the batch that were waiting are decided now, and answered; those that must wait are remembered. */
async function replaceWaiting(
  transaction: Queryable,
  batch: readonly Candidate[],
  waiting: readonly Candidate[],
): Promise<Set<string>> {
  const decided = batch.filter((candidate) => !waiting.includes(candidate))
  const { rows } = await transaction.query<{ user: string; room: string; seq: number }>(
    `delete from notifications.waiting w using unnest($1::text[], $2::text[], $3::bigint[]) as x(room_id, user_id, seq)
     where w.room_id = x.room_id and w.user_id = x.user_id and w.seq = x.seq
     returning w.user_id as user, w.room_id as room, w.seq`,
    [decided.map((one) => one.room), decided.map((one) => one.user), decided.map((one) => one.seq)],
    'notifications.decided',
  )
  const waited = new Set(rows.map(placeOf))
  if (waiting.length === 0) return waited
  await transaction.query(
    `insert into notifications.waiting (room_id, user_id, seq, kind, sender, at, media, due_at)
     select *, at + ${REACH_WAIT_MS}
     from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[])
       as x(room_id, user_id, seq, kind, sender, at, media)
     on conflict do nothing`,
    [
      waiting.map((one) => one.room),
      waiting.map((one) => one.user),
      waiting.map((one) => one.seq),
      waiting.map((one) => one.kind),
      waiting.map((one) => one.from),
      waiting.map((one) => one.at),
      waiting.map((one) => one.media ?? null),
    ],
    'notifications.wait',
  )
  return waited
}

interface Told {
  readonly row: ItemRow
  readonly state: InboxState
}

async function withStates(transaction: Queryable, rows: readonly ItemRow[]): Promise<Told[]> {
  const states = await readStates(
    transaction,
    rows.map((row) => row.user_id),
  )
  return rows.flatMap((row) => {
    const state = states.get(row.user_id)
    return state === undefined ? [] : [{ row, state }]
  })
}

async function announce(
  { rooms, bus, log }: NotificationsDependencies,
  told: readonly Told[],
  alerts: ReadonlySet<string>,
): Promise<void> {
  if (told.length === 0) return
  try {
    const { previews } = await rooms.listPreviews({
      places: told.map(({ row }) => ({ user: row.user_id, room: row.room_id, seq: row.seq })),
    })
    told.forEach(({ row, state }, n) => {
      const item = toItem(row, previews[n] ?? '')
      announceInbox(bus, row.user_id, {
        type: 'notification',
        item,
        ...state,
        alert: alerts.has(row.user_id),
      })
    })
  } catch (error) {
    // They are in the inbox, where the next look finds them.
    log.debug({ error: String(error) }, 'new notifications not announced')
  }
}
