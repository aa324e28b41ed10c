/** What the notifications service reads of a room: who said something to whom, never what was said. */
import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import type { RoomKind } from '@parley/protocol'
import { type EntryRow, toEntry } from './entry.ts'
import { loadMessages } from './load-messages.ts'

type Contract = typeof roomsContract

export async function listTellable(
  database: Database,
  { room, after, upto, since, limit }: InputOf<Contract, 'listTellable'>,
): Promise<OutputOf<Contract, 'listTellable'>> {
  const facts = await database.query<{ kind: RoomKind; direct_key: string | null }>(
    'select kind, direct_key from rooms.room where id = $1 and deleted_at is null',
    [room],
    'rooms.tellable-room',
  )
  const found = facts.rows[0]
  if (found === undefined) return { entries: [], through: upto, authors: {}, gone: true }
  const { rows } = await database.query<EntryRow>(
    `select room_id, seq, kind, sender, null as client_id, at, null as body, target, data, redacted from rooms.log
     where room_id = $1 and seq > $2 and seq <= $3 and seq >= (select first_seq from rooms.room where id = $1) and at >= to_timestamp($4::float8 / 1000)
       and kind in ('message', 'edit', 'join', 'leave', 'delete', 'call') and not redacted
     order by seq limit $5`,
    [room, after, upto, since, limit],
    'rooms.tellable',
  )
  const entries = rows.map(toEntry)
  const answered = [...new Set(entries.flatMap(({ reply_to }) => reply_to ?? []))]
  const messages = await loadMessages(
    database,
    '',
    answered.map((seq) => ({ room, seq })),
  )
  return {
    entries,
    through: entries.length < limit ? upto : (entries.at(-1)?.seq ?? upto),
    authors: Object.fromEntries(messages.map((message) => [`${message.seq}`, message.from])),
    ...(found.direct_key === null ? {} : { pair: [...new Set(found.direct_key.split(' '))] }),
  }
}
