/** Who may read the files that messages carry, and which files none carries any more. */
import type { InputOf, OutputOf, Queryable, roomsContract } from '@parley/contracts'

type Contract = typeof roomsContract

export async function canReadFile(
  reader: Queryable,
  { user, file }: InputOf<Contract, 'canReadFile'>,
): Promise<OutputOf<Contract, 'canReadFile'>> {
  const { rows } = await reader.query(
    `select 1 from rooms.attachment a
     join rooms.room r on r.id = a.room_id and r.deleted_at is null
     join rooms.member m on m.room_id = a.room_id and m.user_id = $2 and m.ended_at is null
     where a.file_id = $1 limit 1`,
    [file, user],
    'rooms.can-read-file',
  )
  return { allowed: rows.length > 0 }
}

export async function filesInUse(
  reader: Queryable,
  { files }: InputOf<Contract, 'filesInUse'>,
): Promise<OutputOf<Contract, 'filesInUse'>> {
  const { rows } = await reader.query<{ file_id: string }>(
    'select distinct file_id from rooms.attachment where file_id = any($1)',
    [files],
    'rooms.files-in-use',
  )
  return { files: rows.map((row) => row.file_id) }
}

export async function droppedFiles(
  reader: Queryable,
  { limit }: InputOf<Contract, 'droppedFiles'>,
): Promise<OutputOf<Contract, 'droppedFiles'>> {
  const { rows } = await reader.query<{ drop: number; file: string }>(
    'select id as drop, file_id as file from rooms.dropped_file order by id limit $1',
    [limit],
  )
  return { dropped: rows }
}

export async function forgetDroppedFiles(
  writer: Queryable,
  { drops }: InputOf<Contract, 'forgetDroppedFiles'>,
): Promise<Record<never, never>> {
  await writer.query('delete from rooms.dropped_file where id = any($1)', [drops])
  return {}
}

/**
 * For whoever removes messages, in the same transaction: takes the right to their files away and leaves the files to be
 * removed. Answers their ids.
 */
export async function dropAttachments(
  writer: Queryable,
  room: string,
  seqs: readonly number[],
): Promise<string[]> {
  const { rows } = await writer.query<{ file_id: string }>(
    `with gone as (delete from rooms.attachment where room_id = $1 and seq = any($2::bigint[]) returning file_id)
     insert into rooms.dropped_file (file_id) select distinct file_id from gone returning file_id`,
    [room, seqs],
    'rooms.drop-attachments',
  )
  return rows.map((row) => row.file_id)
}

/** One bounded step for a room that is being purged; how many were left to be removed. */
export async function dropRoomAttachments(writer: Queryable, room: string, limit: number): Promise<number> {
  const { rowCount } = await writer.query(
    `with gone as (
       delete from rooms.attachment where ctid = any(array(select ctid from rooms.attachment where room_id = $1 limit $2))
       returning file_id)
     insert into rooms.dropped_file (file_id) select distinct file_id from gone`,
    [room, limit],
  )
  return rowCount
}
