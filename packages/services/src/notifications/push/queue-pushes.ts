/** What is due to devices, written in the transaction that makes it so: it is sent though the process dies right after. */
import type { Queryable } from '@parley/contracts'
import type { ItemRow } from '../inbox.ts'

/** To all devices of their owners that asked for pushes; of several about one room the newest. */
export async function queuePushes(
  transaction: Queryable,
  items: readonly ItemRow[],
  nowMs: number,
): Promise<void> {
  if (items.length === 0) return
  await transaction.query(
    `insert into notifications.push as p (id, device_id, room_id, seq, kind, at, due_at)
     select distinct on (s.device_id, i.room_id)
       i.id || '.' || s.device_id, s.device_id, i.room_id, i.seq, 'show', $5::bigint, $5::bigint
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as i(id, user_id, room_id, seq)
     join notifications.push_subscription s on s.user_id = i.user_id
     order by s.device_id, i.room_id, i.seq desc
     on conflict (device_id, room_id, about) do update set id = excluded.id, seq = excluded.seq, kind = 'show',
       at = excluded.at, due_at = excluded.due_at, held_until = null, attempts = 0`,
    [
      items.map((item) => item.id),
      items.map((item) => item.user_id),
      items.map((item) => item.room_id),
      items.map((item) => item.seq),
      nowMs,
    ],
    'notifications.queue-pushes',
  )
}

interface Clearing {
  readonly nowMs: number
  /** Of what is queued, with the device and the room behind it. */
  readonly id: string
  readonly only?: { readonly device: string; readonly room: string }
}

/**
 * To the devices of these people that still show something of rooms in which nothing is unread any more; `only` of this device and room.
 * Everybody locks what is shown before what is due.
 */
export async function queueClearing(
  transaction: Queryable,
  users: readonly string[],
  { nowMs, id, only }: Clearing,
): Promise<void> {
  await transaction.query(
    `with over as (
       delete from notifications.push_shown w using notifications.push_subscription s
       where s.user_id = any($1) and w.device_id = s.device_id and w.about = 'inbox'
         and ($4::text is null or (w.device_id = $4 and w.room_id = $5)) and not exists (
         select 1 from notifications.item i
         where i.user_id = s.user_id and i.room_id = w.room_id and i.read_at is null)
       returning w.device_id, w.room_id, w.seq)
     insert into notifications.push as p (id, device_id, room_id, seq, kind, at, due_at)
     select $2 || '.' || device_id || '.' || room_id, device_id, room_id, seq, 'clear', $3::bigint, $3::bigint
     from over
     on conflict (device_id, room_id, about) do update set id = excluded.id, seq = excluded.seq, kind = 'clear',
       at = excluded.at, due_at = excluded.due_at, held_until = null, attempts = 0`,
    [users, id, nowMs, only?.device ?? null, only?.room ?? null],
    'notifications.queue-clearing',
  )
}
