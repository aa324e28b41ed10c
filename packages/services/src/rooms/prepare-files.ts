/** What a message with files needs before it may be appended. */
import type { CallContext, InputOf, roomsContract } from '@parley/contracts'
import { type Entry, type FileShape, ParleyError } from '@parley/protocol'
import type { RoomsDependencies } from './dependencies.ts'
import type { Directory } from './sync-users.ts'
import { findRepetition } from './write-room.ts'

type Input = InputOf<typeof roomsContract, 'sendMessage'>

/**
 * The shapes of the files, or the entry that was made with the same key: its files may be gone by now, and a repetition
 * gets the first answer all the same. Throws `forbidden` without the permission `send_file`, `not_found` for files that
 * are not the sender's.
 */
export async function prepareFiles(
  { database, files }: Pick<RoomsDependencies, 'database' | 'files'>,
  directory: Directory,
  { room, user, client_id, file_ids = [] }: Input,
  context: CallContext | undefined,
): Promise<{ repeated: Entry } | { files: FileShape[] }> {
  const repeated = await findRepetition(database, room, user, client_id)
  if (repeated !== undefined) return { repeated }
  await directory.assertPermission(user, 'send_file')
  const ids = [...new Set(file_ids)]
  const described = await files.describeFiles({ user, ids }, context)
  if (described.files.length !== ids.length) throw noSuchFile()
  return described
}

function noSuchFile(): ParleyError {
  return new ParleyError('not_found', { message: 'There is no such file.' })
}
