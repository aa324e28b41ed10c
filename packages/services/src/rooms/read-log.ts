import type { Database, EntryEvent, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { type Entry, ParleyError } from '@parley/protocol'
import { ENTRY_COLUMNS, type EntryRow, toEntry, toEvent } from './entry.ts'
import { assertReader } from './read-room.ts'

type Contract = typeof roomsContract

/** Entries in one `replay` answer; the gateway asks again for the rest. */
const REPLAY_MAX_ENTRIES = 200

async function loadEntries(database: Database, room: string, after: number, limit: number): Promise<Entry[]> {
  const { rows } = await database.query<EntryRow>(
    `select ${ENTRY_COLUMNS} from rooms.entry where room_id = $1 and seq > $2 order by seq limit $3`,
    [room, after, limit],
    'rooms.log',
  )
  return rows.map(toEntry)
}

/** Each room on its own: one that may not be read does not spoil the others. */
export async function readLog(
  database: Database,
  input: InputOf<Contract, 'readLog'>,
): Promise<OutputOf<Contract, 'readLog'>> {
  const rooms = await Promise.all(
    input.rooms.map(async ({ room, after }) => {
      try {
        const { head_seq, first_seq } = await assertReader(database, input.user, room)
        const entries = await loadEntries(database, room, after, input.limit)
        // The head may have moved between the two reads; an answer must not contradict itself.
        const last = entries.at(-1)?.seq ?? after
        const head = Math.max(head_seq, entries.at(-1)?.seq ?? 0)
        return {
          room,
          entries,
          head_seq: head,
          first_seq,
          more: entries.length === input.limit && last < head,
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
  const entries = limit === 0 ? [] : await loadEntries(database, room, after, limit)
  return {
    events: entries.map(toEvent),
    more: entries.length === limit && (entries.at(-1)?.seq ?? upto) < upto,
  }
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
