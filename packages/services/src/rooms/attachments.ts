/** Who may read the files that messages carry and rooms show, and which files nothing needs any more. */
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
     where a.file_id = $1 and a.seq >= r.first_seq
     union all
     select 1 from rooms.room r left join rooms.member m on m.room_id = r.id and m.user_id = $2 and m.ended_at is null
     where r.picture_file_id = $1 and r.deleted_at is null and (r.kind = 'public' or m.user_id is not null) limit 1`,
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
    `select file_id from rooms.attachment where file_id = any($1)
     union select file_id from rooms.kept_file where file_id = any($1)
     union select picture_file_id from rooms.room where picture_file_id = any($1) and deleted_at is null`,
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

/** Of the attachments `gone`: those whose messages are on hold go where nobody reads, the others' files are left to be removed. */
const KEEP_OR_DROP = `
  kept as (
    insert into rooms.kept_file (file_id, room_id, seq)
    select g.file_id, g.room_id, g.seq from gone g join rooms.log e on e.room_id = g.room_id and e.seq = g.seq
    where rooms.held(e.room_id, e.sender) on conflict do nothing returning file_id),
  dropped as (
    insert into rooms.dropped_file (file_id)
    select distinct file_id from gone where file_id not in (select file_id from kept) returning file_id)`

/**
 * For whoever removes messages, in the same transaction, after `keepHeld` and before the messages themselves: takes the
 * right to their files away and leaves the files to be removed. Answers their ids.
 */
export async function dropAttachments(
  writer: Queryable,
  room: string,
  seqs: readonly number[],
): Promise<string[]> {
  const { rows } = await writer.query<{ file_id: string }>(
    `with gone as (
       delete from rooms.attachment where room_id = $1 and seq = any($2::bigint[]) returning file_id, room_id, seq),
     ${KEEP_OR_DROP}
     select file_id from dropped`,
    [room, seqs],
    'rooms.drop-attachments',
  )
  return rows.map((row) => row.file_id)
}

/** One bounded step for a room that is being purged; how many were left to be removed. */
export async function dropRoomAttachments(writer: Queryable, room: string, limit: number): Promise<number> {
  const { rows } = await writer.query<{ left: number }>(
    `with gone as (
       delete from rooms.attachment where ctid = any(array(select ctid from rooms.attachment where room_id = $1 limit $2))
       returning file_id, room_id, seq),
     ${KEEP_OR_DROP}
     select count(*)::int as left from gone`,
    [room, limit],
  )
  return rows[0]?.left ?? 0
}
