/**
 * For whom a call rings: devices that nobody looks at are pushed so, and cleared once it rings no longer. The log says
 * whom it rings for and how that ends; that somebody declined in a group is said by the gateway, and where nobody says
 * anything the time is over. Everybody locks the ringing, then what is shown of it, then what is due.
 */
import type { InputOf, notificationsContract, Queryable } from '@parley/contracts'
import { type CallMedia, RING_MS } from '@parley/protocol/calls'
import type { NotificationsDependencies } from './dependencies.ts'
import { type Candidate, placeOf } from './find-candidates.ts'

/** Rings of one commit. */
const LATE_MAX = 500

interface Place {
  readonly room_id: string
  readonly user_id: string
}

/** In one transaction that holds the room's position. Answers the places of those for whom it did not ring before. */
export async function beginRings(
  transaction: Queryable,
  candidates: readonly Candidate[],
): Promise<Set<string>> {
  const rings = candidates.toSorted((a, b) => (a.user < b.user ? -1 : 1))
  const { rows } = await transaction.query<{ user: string; room: string; seq: number }>(
    `insert into notifications.ring as r (room_id, user_id, call_id, seq, sender, media, at)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[])
     on conflict (room_id, user_id) do update set call_id = excluded.call_id, seq = excluded.seq,
       sender = excluded.sender, media = excluded.media, at = excluded.at
     where r.seq < excluded.seq returning user_id as user, room_id as room, seq`,
    [
      rings.map((one) => one.room),
      rings.map((one) => one.user),
      rings.map((one) => one.call),
      rings.map((one) => one.seq),
      rings.map((one) => one.from),
      rings.map((one) => one.media),
      rings.map((one) => one.at),
    ],
    'notifications.begin-rings',
  )
  return new Set(rows.map(placeOf))
}

/** To all devices of those for whom it rings still. */
export async function queueRings(
  transaction: Queryable,
  rings: readonly Candidate[],
  nowMs: number,
): Promise<void> {
  if (rings.length === 0) return
  await transaction.query(
    `with live as (
       select r.room_id, r.user_id, r.seq
       from unnest($1::text[], $2::text[], $3::bigint[]) as x(room_id, user_id, seq)
       join notifications.ring r on r.room_id = x.room_id and r.user_id = x.user_id and r.seq = x.seq
       order by r.user_id for share of r)
     insert into notifications.push as p (id, device_id, room_id, seq, kind, about, at, due_at)
     select 'ring.' || l.room_id || '.' || l.seq || '.' || s.device_id, s.device_id, l.room_id, l.seq, 'show', 'ring',
       $4::bigint, $4::bigint
     from live l join notifications.push_subscription s on s.user_id = l.user_id
     order by s.device_id
     on conflict (device_id, room_id, about) do update set id = excluded.id, seq = excluded.seq, kind = 'show',
       at = excluded.at, due_at = excluded.due_at, held_until = null, attempts = 0`,
    [rings.map((one) => one.room), rings.map((one) => one.user), rings.map((one) => one.seq), nowMs],
    'notifications.queue-rings',
  )
}

/** In this room for all, or for these. */
export async function endRingsOf(
  transaction: Queryable,
  room: string,
  who: readonly string[] | 'all',
  nowMs: number,
): Promise<void> {
  if (who.length === 0) return
  const { rows } = await transaction.query<Place>(
    `delete from notifications.ring where room_id = $1 and ($2::text[] is null or user_id = any($2))
     returning room_id, user_id`,
    [room, who === 'all' ? null : who],
    'notifications.end-rings',
  )
  await clearRings(transaction, rows, nowMs)
}

/** For gateways: this user does not want it to ring, and does not wait for the others. */
export async function endRing(
  { database, clock }: Pick<NotificationsDependencies, 'database' | 'clock'>,
  { user, call }: InputOf<typeof notificationsContract, 'endRing'>,
): Promise<Record<never, never>> {
  await database.transaction(async (transaction) => {
    const { rows } = await transaction.query<Place>(
      'delete from notifications.ring where call_id = $1 and user_id = $2 returning room_id, user_id',
      [call, user],
      'notifications.end-ring',
    )
    await clearRings(transaction, rows, clock.now())
  })
  return {}
}

/** Those of which nobody has said that it is over, though it must be. */
export async function endLateRings({
  database,
  clock,
}: Pick<NotificationsDependencies, 'database' | 'clock'>): Promise<void> {
  const late = clock.now() - RING_MS
  const { rows: found } = await database.query(
    'select 1 from notifications.ring where at <= $1 limit 1',
    [late],
    'notifications.late-rings',
  )
  if (found.length === 0) return
  await database.transaction(async (transaction) => {
    const { rows } = await transaction.query<Place>(
      `delete from notifications.ring r using (
         select room_id, user_id from notifications.ring where at <= $1 order by at limit ${LATE_MAX}
         for update skip locked) l
       where r.room_id = l.room_id and r.user_id = l.user_id returning r.room_id, r.user_id`,
      [late],
      'notifications.end-late-rings',
    )
    await clearRings(transaction, rows, clock.now())
  })
}

export interface RingRow extends Place {
  readonly seq: number
  readonly call_id: string
  readonly sender: string
  readonly media: CallMedia
  readonly at: number
}

/** Undefined where it rings no longer; `hold`: otherwise it does until the end of the transaction. */
export async function readRing(
  reader: Queryable,
  { room_id, user_id, seq }: Pick<RingRow, 'room_id' | 'user_id' | 'seq'>,
  lock: 'hold' | 'look' = 'look',
): Promise<RingRow | undefined> {
  const { rows } = await reader.query<RingRow>(
    `select room_id, user_id, seq, call_id, sender, media, at from notifications.ring
     where room_id = $1 and user_id = $2 and seq = $3 ${lock === 'hold' ? 'for share' : ''}`,
    [room_id, user_id, seq],
    `notifications.${lock}-ring`,
  )
  return rows[0]
}

/** What was shown is cleared, and what is due is not sent. The rings themselves are gone already. */
export async function clearRings(
  transaction: Queryable,
  places: readonly Place[],
  nowMs: number,
): Promise<void> {
  if (places.length === 0) return
  const values = [places.map((place) => place.room_id), places.map((place) => place.user_id)]
  await transaction.query(
    `with over as (
       delete from notifications.push_shown w
       using unnest($1::text[], $2::text[]) as x(room_id, user_id), notifications.push_subscription s
       where s.user_id = x.user_id and w.device_id = s.device_id and w.room_id = x.room_id and w.about = 'ring'
       returning w.device_id, w.room_id, w.seq)
     insert into notifications.push as p (id, device_id, room_id, seq, kind, about, at, due_at)
     select 'rung.' || room_id || '.' || seq || '.' || device_id, device_id, room_id, seq, 'clear', 'ring',
       $3::bigint, $3::bigint
     from over
     on conflict (device_id, room_id, about) do update set id = excluded.id, seq = excluded.seq, kind = 'clear',
       at = excluded.at, due_at = excluded.due_at, held_until = null, attempts = 0`,
    [...values, nowMs],
    'notifications.clear-rings',
  )
  await transaction.query(
    `delete from notifications.push p
     using unnest($1::text[], $2::text[]) as x(room_id, user_id), notifications.push_subscription s
     where s.user_id = x.user_id and p.device_id = s.device_id and p.room_id = x.room_id
       and p.about = 'ring' and p.kind = 'show'`,
    values,
    'notifications.drop-rings',
  )
}
