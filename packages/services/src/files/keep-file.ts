/** The row of a file, around the storing of its bytes: first one that says that they come, at last the one that makes them real. */
import type { FileStore } from '@parley/contracts'
import { type FileShape, ParleyError } from '@parley/protocol'
import type { FilesDependencies } from './dependencies.ts'
import { FILE_COLUMNS, type FileRow, keysOf, thumbnailKey, toFile } from './file-row.ts'
import type { Picture } from './make-picture.ts'
import { addUsage } from './usage.ts'

/** What the bytes turned out to be. */
export interface Stored {
  readonly name: string
  readonly type: string
  readonly bytes: number
  readonly picture?: Pick<Picture, 'width' | 'height' | 'placeholder'>
  readonly thumbnailBytes?: number
}

/** `store` puts the bytes under the id. Where it throws, or the quota is used up, nothing is left of the file. */
export async function keepFile(
  dependencies: FilesDependencies,
  owner: string,
  store: (id: string) => Promise<Stored>,
): Promise<FileShape> {
  const { database, clock, newId, log } = dependencies
  const id = newId()
  await database.query(
    `insert into files.file (id, owner_id, name, type, state, created_at, changed_at) values ($1, $2, '', '', 'arriving', $3, $3)`,
    [id, owner, new Date(clock.now())],
    'files.arrive',
  )
  try {
    return await finish(dependencies, id, owner, await store(id))
  } catch (error) {
    await forget(dependencies, id).catch((second: unknown) => {
      log.warn({ file: id, error: String(second) }, 'a cut upload is removed later')
    })
    throw error
  }
}

/** A picture and its thumbnail. */
export async function storePicture(
  files: FileStore,
  id: string,
  picture: Picture,
): Promise<Omit<Stored, 'name'>> {
  const bytes = await files.put(id, chunksOf(picture.content))
  const thumbnailBytes = await files.put(thumbnailKey(id), chunksOf(picture.thumbnail))
  return { type: picture.type, bytes, picture, thumbnailBytes }
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}

function finish(
  { database, limits, clock }: FilesDependencies,
  id: string,
  owner: string,
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
    await addUsage(transaction, limits, owner, bytes + (thumbnailBytes ?? 0))
    return toFile(rows[0])
  })
}

/** As if it had never come. */
async function forget({ database, store: files }: FilesDependencies, id: string): Promise<void> {
  await Promise.all(keysOf(id).map((key) => files.delete(key)))
  await database.query(`delete from files.file where id = $1 and state = 'arriving'`, [id])
}
