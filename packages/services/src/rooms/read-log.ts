import type { Database, EntryEvent, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { type Entry, ParleyError } from '@parley/protocol'
import { ENTRY_COLUMNS, type EntryRow, toEntry, toEvent } from './entry.ts'
import { assertReader } from './read-room.ts'

type Contract = typeof roomsContract

/** Entries in one `replay` answer; the gateway asks again for the rest. */
const REPLAY_MAX_ENTRIES = 200
/** Stored bytes in one answer. Two hundred long messages in one frame would close the socket that asked for them as a slow one. */
const ANSWER_MAX_BYTES = 512 * 1024
/** What an entry is on the wire beside its body. */
const ENTRY_BYTES = 256

/** Shorter than `limit` where the bytes are used up before; never empty while there are entries. */
async function loadEntries(
  database: Database,
  room: string,
  { after, limit, bytes }: { after: number; limit: number; bytes: number },
): Promise<Entry[]> {
  const { rows } = await database.query<EntryRow>(
    `select ${ENTRY_COLUMNS} from (
       select *, coalesce(sum(octet_length(coalesce(body, '')) + coalesce(pg_column_size(data), 0) + ${ENTRY_BYTES})
         over (order by seq rows between unbounded preceding and 1 preceding), 0) as before
       from rooms.log where room_id = $1 and seq > $2 and seq >= (select first_seq from rooms.room where id = $1)
       order by seq limit $3) e
     where before < $4 order by seq`,
    [room, after, limit, bytes],
    'rooms.log',
  )
  return rows.map(toEntry)
}

/** Each room on its own: one that may not be read does not spoil the others. */
export async function readLog(
  database: Database,
  input: InputOf<Contract, 'readLog'>,
): Promise<OutputOf<Contract, 'readLog'>> {
  const bytes = Math.ceil(ANSWER_MAX_BYTES / input.rooms.length)
  const rooms = await Promise.all(
    input.rooms.map(async ({ room, after }) => {
      try {
        const { head_seq, first_seq } = await assertReader(database, input.user, room)
        const entries = await loadEntries(database, room, { after, limit: input.limit, bytes })
        // Head and floor may have moved between the two reads; an answer must not contradict itself.
        const last = entries.at(-1)?.seq ?? after
        const head = Math.max(head_seq, entries.at(-1)?.seq ?? 0)
        const due = Math.max(after + 1, first_seq)
        const from = entries[0]?.seq ?? head + 1
        return {
          room,
          entries,
          head_seq: head,
          first_seq: from > due ? from : first_seq,
          more: entries.length > 0 && last < head,
        }
      } catch (error) {
        if (!(error instanceof ParleyError) || error.code === 'unavailable') throw error
        return { room, error: { code: error.code, message: error.message } }
      }
    }),
  )
  return { rooms }
}

export async function replay(
  database: Database,
  { room, after, upto }: InputOf<Contract, 'replay'>,
): Promise<{ events: EntryEvent[]; more: boolean }> {
  const limit = Math.min(REPLAY_MAX_ENTRIES, Math.max(0, upto - after))
  const entries =
    limit === 0 ? [] : await loadEntries(database, room, { after, limit, bytes: ANSWER_MAX_BYTES })
  return {
    events: entries.map(toEvent),
    more: (entries.at(-1)?.seq ?? upto) < upto,
  }
}

/** Of those of them that are not deleted. */
export async function floors(
  database: Database,
  { rooms }: InputOf<Contract, 'floors'>,
): Promise<OutputOf<Contract, 'floors'>> {
  const { rows } = await database.query<{ id: string; first_seq: number }>(
    'select id, first_seq from rooms.room where id = any($1) and deleted_at is null',
    [rooms],
    'rooms.floors',
  )
  return { floors: Object.fromEntries(rows.map((row) => [row.id, row.first_seq])) }
}

export async function heads(
  database: Database,
  { rooms }: InputOf<Contract, 'heads'>,
): Promise<{ heads: Record<string, number> }> {
  const { rows } = await database.query<{ id: string; head_seq: number }>(
    'select id, head_seq from rooms.room where id = any($1) and deleted_at is null',
    [rooms],
    'rooms.heads',
  )
  return { heads: Object.fromEntries(rows.map((row) => [row.id, row.head_seq])) }
}
