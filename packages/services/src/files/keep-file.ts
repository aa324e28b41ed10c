/** The row of a file, around the storing of its bytes: first one that says that they come, at last the one that makes them real. */
import type { FileStore } from '@parley/contracts'
import { type FileShape, ParleyError } from '@parley/protocol'
import { type Repeated, repeat } from '../shared/repeat.ts'
import { deleteRow } from './delete-row.ts'
import type { FilesDependencies } from './dependencies.ts'
import { FILE_COLUMNS, type FileRow, keysOf, thumbnailKey, toFile } from './file-row.ts'
import type { Picture } from './make-picture.ts'
import { type Expected, type Reservation, reserveRoom } from './reserve-room.ts'
import { changeUsage } from './usage.ts'

/** While bytes come, the row is told so this often; see `ARRIVING_MS`. */
const RENEW_MS = 60_000

/** What the bytes turned out to be. */
export interface Stored {
  readonly name: string
  readonly type: string
  readonly bytes: number
  readonly picture?: Pick<Picture, 'width' | 'height' | 'placeholder'>
  readonly thumbnailBytes?: number
}

/**
 * `store` puts the bytes under the id, never more than the reservation covers. Where it throws, or the quota is used up,
 * nothing is left of the file.
 */
export async function keepFile(
  dependencies: FilesDependencies,
  owner: string,
  expected: Expected,
  store: (id: string, room: Reservation) => Promise<Stored>,
): Promise<FileShape> {
  const { newId, log } = dependencies
  const id = newId()
  const room = await reserveRoom(dependencies, { id, owner }, expected)
  const renewing = renew(dependencies, id)
  try {
    const stored = await store(id, room)
    return await finish(dependencies, { id, owner, reserved: room.bytes() }, stored)
  } catch (error) {
    await forget(dependencies, id).catch((second: unknown) => {
      log.warn({ file: id, error: String(second) }, 'a cut upload is removed later')
    })
    throw error
  } finally {
    await renewing.close()
  }
}

/** Until it is closed: an upload may take hours, and one of a process that died must be told apart from it. */
function renew({ database, clock, log }: FilesDependencies, id: string): Repeated {
  let begun = false
  const renewing = repeat(clock, async () => {
    if (begun)
      await database
        .query(
          `update files.file set changed_at = $2 where id = $1 and state = 'arriving'`,
          [id, new Date(clock.now())],
          'files.renew',
        )
        .catch((error: unknown) => log.warn({ file: id, error: String(error) }, 'an upload was not renewed'))
    begun = true
    return RENEW_MS
  })
  renewing.start()
  return renewing
}

/** A picture and its thumbnail. */
export async function storePicture(
  files: FileStore,
  id: string,
  picture: Picture,
  room: Reservation,
): Promise<Omit<Stored, 'name'>> {
  await room.cover(picture.content.length + picture.thumbnail.length)
  const bytes = await files.put(id, chunksOf(picture.content))
  const thumbnailBytes = await files.put(thumbnailKey(id), chunksOf(picture.thumbnail))
  return { type: picture.type, bytes, picture, thumbnailBytes }
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}

function finish(
  { database, clock }: FilesDependencies,
  { id, owner, reserved }: { readonly id: string; readonly owner: string; readonly reserved: number },
  { name, type, bytes, picture, thumbnailBytes }: Stored,
): Promise<FileShape> {
  return database.transaction(async (transaction) => {
    const { rows } = await transaction.query<FileRow>(
      `update files.file set state = 'ready', name = $2, type = $3, bytes = $4, width = $5, height = $6, placeholder = $7,
         thumbnail_bytes = $8, changed_at = $9
       where id = $1 and state = 'arriving' returning ${FILE_COLUMNS}`,
      [
        id,
        name,
        type,
        bytes,
        picture?.width ?? null,
        picture?.height ?? null,
        picture?.placeholder ?? null,
        thumbnailBytes ?? null,
        new Date(clock.now()),
      ],
      'files.ready',
    )
    if (rows[0] === undefined) throw new ParleyError('unavailable')
    await changeUsage(transaction, owner, bytes + (thumbnailBytes ?? 0) - reserved)
    return toFile(rows[0])
  })
}

/** As if it had never come. */
async function forget({ database, store: files }: FilesDependencies, id: string): Promise<void> {
  await Promise.all(keysOf(id).map((key) => files.delete(key)))
  await database.transaction((transaction) => deleteRow(transaction, id, 'arriving'))
}
