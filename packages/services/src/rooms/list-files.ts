/** The files of a room's messages, newest first, wherever the messages lie by now. */
import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import type { FileShape } from '@parley/protocol'
import { decodePage, encodePage } from '../shared/page-token.ts'
import { assertReader } from './read-room.ts'

type Contract = typeof roomsContract

interface FoundFile {
  file_id: string
  seq: number
  sender: string
  at: Date
  file: FileShape
}

export async function listFiles(
  database: Database,
  { user, room, kind, limit, cursor }: InputOf<Contract, 'listFiles'>,
): Promise<OutputOf<Contract, 'listFiles'>> {
  const { first_seq } = await assertReader(database, user, room)
  const place = cursor === undefined ? undefined : decodePage(cursor, { seq: 'seq', file: 'string' })
  const { rows } = await database.query<FoundFile>(
    `with picked as materialized (
       select file_id, seq from rooms.attachment
       where room_id = $1 and seq >= $2 and (seq, file_id) < ($3, $4) ${kind === undefined ? '' : 'and kind = $6'}
       order by seq desc, file_id desc limit $5)
     select p.file_id, p.seq, e.sender, e.at, f.file from picked p
     join rooms.log e on e.room_id = $1 and e.seq = p.seq and not e.redacted
     cross join lateral (
       select f as file from jsonb_array_elements(e.data -> 'files') f where f ->> 'id' = p.file_id limit 1) f
     order by p.seq desc, p.file_id desc`,
    [
      room,
      first_seq,
      place?.seq ?? Number.MAX_SAFE_INTEGER,
      place?.file ?? '',
      limit + 1,
      ...(kind === undefined ? [] : [kind]),
    ],
    kind === undefined ? 'rooms.list-files' : 'rooms.list-files-of-kind',
  )
  const shown = rows.slice(0, limit)
  const files = shown.map(({ file, seq, sender, at }) => ({ file, seq, from: sender, at: at.getTime() }))
  const last = shown.at(-1)
  if (rows.length <= limit || last === undefined) return { files }
  return { files, next: encodePage({ seq: last.seq, file: last.file_id }) }
}
