/** Messages in their newest state: the log's entry, its newest edit, its reactions and its pin, in one query. */
import type { Queryable } from '@parley/contracts'
import type { Message, Reaction } from '@parley/protocol'
import type { EntryData } from './entry.ts'

export interface MessageRow {
  room_id: string
  seq: number
  sender: string
  client_id: string
  at: Date
  body: string
  data: EntryData | null
  redacted: boolean
  edit_body: string | null
  edit_data: EntryData | null
  edited_at: Date | null
  pinned: boolean | null
  reactions: Reaction[] | null
}

/** `$1` is the user whose reactions are `mine`. */
export const MESSAGE_COLUMNS = `
  e.room_id, e.seq, e.sender, e.client_id, e.at, e.body, e.data, e.redacted,
  x.body as edit_body, x.data as edit_data, x.at as edited_at, p.active as pinned, g.reactions`

/** What a message is made of, beside its entry `e`. */
export const MESSAGE_JOINS = `
  left join rooms.log x on x.room_id = e.room_id and x.seq = e.edit_seq
  left join rooms.pin p on p.room_id = e.room_id and p.target = e.seq and p.active
  left join lateral (
    select jsonb_agg(jsonb_build_object('emoji', c.emoji, 'count', c.count, 'mine', c.mine)) as reactions from (
      select emoji, count(*) as count, bool_or(user_id = $1) as mine from rooms.reaction
      where room_id = e.room_id and target = e.seq and active group by emoji) c) g on true`

export interface MessageKey {
  readonly room: string
  readonly seq: number
}

/** These messages, in no promised order. */
export async function loadMessages(
  reader: Queryable,
  user: string,
  keys: readonly MessageKey[],
): Promise<Message[]> {
  if (keys.length === 0) return []
  const { rows } = await reader.query<MessageRow>(
    `with picked as (
       select e.* from unnest($2::text[], $3::bigint[]) as k(room_id, seq)
       join rooms.room r on r.id = k.room_id
       join rooms.log e on e.room_id = k.room_id and e.seq = k.seq and e.seq >= r.first_seq and e.kind = 'message')
     select ${MESSAGE_COLUMNS} from picked e ${MESSAGE_JOINS}`,
    [user, keys.map((key) => key.room), keys.map((key) => key.seq)],
    'rooms.load-messages',
  )
  return rows.map(toMessage)
}

export type Place = { readonly before: number } | { readonly after: number }

/** Up to `limit` messages of one room before or after a seq (exclusive), ascending. Deleted ones keep their place. */
export async function loadPage(
  reader: Queryable,
  user: string,
  room: string,
  place: Place,
  limit: number,
): Promise<Message[]> {
  const upwards = 'before' in place
  const { rows } = await reader.query<MessageRow>(
    `with picked as (
       select * from rooms.log where room_id = $2 and seq ${upwards ? '<' : '>'} $3 and kind = 'message'
         and seq >= (select first_seq from rooms.room where id = $2)
       order by seq ${upwards ? 'desc' : 'asc'} limit $4)
     select ${MESSAGE_COLUMNS} from picked e ${MESSAGE_JOINS} order by e.seq`,
    [user, room, upwards ? place.before : place.after, limit],
    upwards ? 'rooms.page-before' : 'rooms.page-after',
  )
  return rows.map(toMessage)
}

export function toMessage(row: MessageRow): Message {
  const message: Message = {
    room: row.room_id,
    seq: row.seq,
    from: row.sender,
    at: row.at.getTime(),
    client_id: row.client_id,
    body: row.edit_body ?? row.body,
    reactions: [],
  }
  if (row.data?.reply_to !== undefined) message.reply_to = row.data.reply_to
  if (row.redacted) return { ...message, body: '', deleted: true }
  if (row.edited_at !== null) message.edited_at = row.edited_at.getTime()
  const mentions = row.edited_at === null ? row.data?.mentions : row.edit_data?.mentions
  if (mentions !== undefined) message.mentions = mentions
  if (row.data?.files !== undefined) message.files = row.data.files
  if (row.pinned) message.pinned = true
  // By emoji, so that the order is the same for everybody and never jumps when a count changes.
  message.reactions = (row.reactions ?? []).sort((a, b) => (a.emoji < b.emoji ? -1 : 1))
  return message
}
