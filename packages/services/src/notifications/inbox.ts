/** The rows of inboxes. Every change of one takes its owner's row first, which numbers the states devices are told of. */
import type { Queryable } from '@parley/contracts'
import { INBOX_MAX_ITEMS, type Notification, type NotificationKind } from '@parley/protocol'
import type { CallMedia } from '@parley/protocol/calls'
import type { Candidate } from './find-candidates.ts'

export interface NewItem extends Candidate {
  readonly kind: NotificationKind
  readonly id: string
  /** The read watermark that covers it. */
  readonly readFrom: number
}

export interface ItemRow {
  id: string
  user_id: string
  room_id: string
  seq: number
  kind: NotificationKind
  sender: string
  at: number
  read_at: Date | null
  /** Of a missed call. */
  media: CallMedia | null
}

export const ITEM_COLUMNS = 'id, user_id, room_id, seq, kind, sender, at, read_at, media'

export function toItem(row: ItemRow, preview: string): Notification {
  const item: Notification = {
    id: row.id,
    kind: row.kind,
    room: row.room_id,
    seq: row.seq,
    from: row.sender,
    preview,
    at: row.at,
  }
  if (row.media !== null) item.media = row.media
  if (row.read_at !== null) item.read_at = row.read_at.getTime()
  return item
}

export interface InboxState {
  readonly unread: number
  readonly version: number
}

/** Counted, not kept: a count that is not kept cannot stick. At most `INBOX_MAX_ITEMS` rows a person. */
export async function readStates(
  reader: Queryable,
  users: readonly string[],
): Promise<Map<string, InboxState>> {
  const { rows } = await reader.query<InboxState & { id: string }>(
    `select u.id, coalesce(p.version, 0) as version,
       (select count(*)::int from notifications.item i where i.user_id = u.id and i.read_at is null) as unread
     from unnest($1::text[]) as u(id) left join notifications.person p on p.user_id = u.id`,
    [[...new Set(users)]],
    'notifications.states',
  )
  return new Map(rows.map(({ id, unread, version }) => [id, { unread, version }]))
}

export async function readState(reader: Queryable, user: string): Promise<InboxState> {
  return (await readStates(reader, [user])).get(user) ?? { unread: 0, version: 0 }
}

/** Waits for whoever changes this inbox, without a new state: who finds nothing to change makes none. */
export async function holdInbox(transaction: Queryable, user: string): Promise<void> {
  await transaction.query(
    'select 1 from notifications.person where user_id = $1 for update',
    [user],
    'notifications.hold',
  )
}

/** In the order of ids, so that two that change the same inboxes wait for each other instead of dying. */
export async function lockInboxes(transaction: Queryable, users: readonly string[]): Promise<void> {
  await transaction.query(
    `insert into notifications.person as p (user_id, version) select u, 1 from unnest($1::text[]) as u order by u
     on conflict (user_id) do update set version = p.version + 1`,
    [[...new Set(users)].sort()],
    'notifications.lock',
  )
}

/** What is new of these; the caller holds the inboxes. */
export async function insertItems(transaction: Queryable, items: readonly NewItem[]): Promise<ItemRow[]> {
  const { rows } = await transaction.query<ItemRow>(
    `insert into notifications.item (id, user_id, room_id, seq, kind, sender, at, read_from, media)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[])
     on conflict (user_id, room_id, seq) do nothing returning ${ITEM_COLUMNS}`,
    [
      items.map((item) => item.id),
      items.map((item) => item.user),
      items.map((item) => item.room),
      items.map((item) => item.seq),
      items.map((item) => item.kind),
      items.map((item) => item.from),
      items.map((item) => item.at),
      items.map((item) => item.readFrom),
      items.map((item) => item.media ?? null),
    ],
    'notifications.insert',
  )
  await transaction.query(
    `delete from notifications.item i using unnest($1::text[]) as u(id) where i.user_id = u.id and (i.at, i.seq, i.id) <= (
       select o.at, o.seq, o.id from notifications.item o where o.user_id = u.id
       order by o.at desc, o.seq desc, o.id desc offset ${INBOX_MAX_ITEMS} limit 1)`,
    [[...new Set(items.map((item) => item.user))]],
    'notifications.trim',
  )
  return rows
}

/** What is marked read now and was not; the caller holds the inbox. */
export async function markItems(
  transaction: Queryable,
  user: string,
  which: { readonly ids?: readonly string[] | undefined; readonly upto?: ReadonlyMap<string, number> },
): Promise<string[]> {
  const places = which.upto === undefined ? undefined : [...which.upto]
  const { rows } = await transaction.query<{ id: string }>(
    `update notifications.item set read_at = now() where user_id = $1 and read_at is null
       and ($2::text[] is null or id = any($2))
       and ($3::text[] is null or exists (
         select 1 from unnest($3::text[], $4::bigint[]) as m(room, upto) where m.room = room_id and read_from <= m.upto))
     returning id`,
    [user, which.ids ?? null, places?.map(([room]) => room) ?? null, places?.map(([, upto]) => upto) ?? null],
    'notifications.mark',
  )
  return rows.map(({ id }) => id)
}
