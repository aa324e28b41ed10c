/** Taking a file: may it come → bytes to the store → what it is → the row that makes it real. */
import type { FileDoor, Upload } from '@parley/contracts'
import { type FileShape, ParleyError } from '@parley/protocol'
import { cleanName, withEnding } from './clean-name.ts'
import type { FilesDependencies } from './dependencies.ts'
import { FILE_COLUMNS, type FileRow, keysOf, rawKey, thumbnailKey, toFile } from './file-row.ts'
import { findType, HEAD_BYTES } from './find-type.ts'
import { type MakePicture, PICTURE_MAX_BYTES, type Picture } from './make-picture.ts'
import { bounded, collect, readHead } from './read-head.ts'
import { addUsage, ownUsedUp, readRoom } from './usage.ts'

/** Of one person in one process; more would only be slower. */
const UPLOADS_MAX_AT_ONCE = 10
const RETRY_MS = 2_000
/** What a form is besides the file in it. */
const FORM_MAX_BYTES = 16 * 1024

/** What the bytes turned out to be. */
interface Stored {
  readonly name: string
  readonly type: string
  readonly bytes: number
  readonly picture?: Pick<Picture, 'width' | 'height' | 'placeholder'>
  readonly thumbnailBytes?: number
}

export function createUploadFile(
  dependencies: FilesDependencies,
  makePicture: MakePicture,
): FileDoor['upload'] {
  const { database, limits, clock, newId, log } = dependencies
  const underWay = new Map<string, number>()

  async function take(input: Upload, content: AsyncIterable<Uint8Array>): Promise<FileShape> {
    const room = await readRoom(database, limits, input.user)
    const announced = (input.announcedBytes ?? 0) - FORM_MAX_BYTES
    if (announced > limits.fileMaxBytes) throw tooLarge(limits.fileMaxBytes)
    if (announced > room) throw ownUsedUp()
    const id = newId()
    const at = new Date(clock.now())
    await database.query(
      `insert into files.file (id, owner_id, name, type, state, created_at, changed_at) values ($1, $2, '', '', 'arriving', $3, $3)`,
      [id, input.user, at],
      'files.arrive',
    )
    try {
      const fits = bounded(content, Math.min(limits.fileMaxBytes, room), () =>
        room < limits.fileMaxBytes ? ownUsedUp() : tooLarge(limits.fileMaxBytes),
      )
      return await finish(
        dependencies,
        id,
        input.user,
        await store(dependencies, makePicture, id, input, fits),
      )
    } catch (error) {
      await forget(dependencies, id).catch((second: unknown) => {
        log.warn({ file: id, error: String(second) }, 'a cut upload is removed later')
      })
      throw error
    }
  }

  return async (input, content, context) => {
    const { permissions } = await dependencies.auth.getPermissions(
      { actor: input.user, user: input.user },
      context,
    )
    if (permissions.send_file === false) throw new ParleyError('forbidden')
    const mine = underWay.get(input.user) ?? 0
    if (mine >= UPLOADS_MAX_AT_ONCE) throw new ParleyError('rate_limited', { retryAfterMs: RETRY_MS })
    underWay.set(input.user, mine + 1)
    try {
      return await take(input, content)
    } finally {
      const left = (underWay.get(input.user) ?? 1) - 1
      if (left === 0) underWay.delete(input.user)
      else underWay.set(input.user, left)
    }
  }
}

async function store(
  { store: files }: FilesDependencies,
  makePicture: MakePicture,
  id: string,
  input: Upload,
  content: AsyncIterable<Uint8Array>,
): Promise<Stored> {
  const name = cleanName(input.name)
  const { head, all, close } = await readHead(content, HEAD_BYTES)
  if (head.length === 0) {
    await close()
    throw new ParleyError('file_refused', { message: 'This file is empty.', details: { rule: 'empty' } })
  }
  const found = await findType(head)
  if (found.kind !== 'picture') {
    const bytes = await files.put(id, all)
    return { name: withEnding(name, found.endings), type: found.type, bytes }
  }
  // To the store first: who sends slowly must hold no memory.
  await files.put(
    rawKey(id),
    bounded(all, PICTURE_MAX_BYTES, () => tooLarge(PICTURE_MAX_BYTES)),
  )
  const raw = await files.get(rawKey(id))
  if (raw === undefined) throw new ParleyError('unavailable')
  const picture = await makePicture(await collect(raw))
  const bytes = await files.put(id, chunksOf(picture.content))
  const thumbnailBytes = await files.put(thumbnailKey(id), chunksOf(picture.thumbnail))
  await files.delete(rawKey(id))
  return { name: withEnding(name, picture.endings), type: picture.type, bytes, picture, thumbnailBytes }
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

function tooLarge(maxBytes: number): ParleyError {
  return new ParleyError('file_too_large', { details: { max_bytes: maxBytes } })
}
