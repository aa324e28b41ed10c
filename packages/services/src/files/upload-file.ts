/** Taking a file: may it come → bytes to the store → what it is → the row that makes it real. */
import type { FileDoor, Upload } from '@parley/contracts'
import { type FileShape, ParleyError } from '@parley/protocol'
import { cleanName, withEnding } from './clean-name.ts'
import type { FilesDependencies } from './dependencies.ts'
import { createFewAtOnce } from './few-at-once.ts'
import { rawKey } from './file-row.ts'
import { findType, HEAD_BYTES } from './find-type.ts'
import { keepFile, type Stored, storePicture } from './keep-file.ts'
import { type MakePicture, PICTURE_MAX_BYTES, unsupported } from './make-picture.ts'
import { bounded, collect, readHead } from './read-head.ts'
import { ownUsedUp, readRoom } from './usage.ts'

/** Of one person in one process; more would only be slower. */
const UPLOADS_MAX_AT_ONCE = 10
/** What a form is besides the file in it. */
const FORM_MAX_BYTES = 16 * 1024

export function createUploadFile(
  dependencies: FilesDependencies,
  makePicture: MakePicture,
): FileDoor['upload'] {
  const { database, limits } = dependencies
  const fewAtOnce = createFewAtOnce(UPLOADS_MAX_AT_ONCE)

  async function take(input: Upload, content: AsyncIterable<Uint8Array>): Promise<FileShape> {
    const room = await readRoom(database, limits, input.user)
    const announced = (input.announcedBytes ?? 0) - FORM_MAX_BYTES
    if (announced > limits.fileMaxBytes) throw tooLarge(limits.fileMaxBytes)
    if (announced > room) throw ownUsedUp()
    return keepFile(dependencies, input.user, (id) => {
      const fits = bounded(content, Math.min(limits.fileMaxBytes, room), () =>
        room < limits.fileMaxBytes ? ownUsedUp() : tooLarge(limits.fileMaxBytes),
      )
      return store(dependencies, makePicture, id, input, fits)
    })
  }

  // Before anything is asked of the database: what is refused here costs nobody anything.
  return (input, content, context) =>
    fewAtOnce(input.user, async () => {
      const { permissions } = await dependencies.auth.getPermissions(
        { actor: input.user, user: input.user },
        context,
      )
      if (permissions.send_file === false) throw new ParleyError('forbidden')
      return take(input, content)
    })
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
  if (found.kind === 'unsupported') {
    await close()
    throw unsupported()
  }
  if (found.kind !== 'picture') {
    const bytes = await files.put(id, all)
    return { name: withEnding(name, found.endings), type: found.type, bytes }
  }
  // To the store first: who sends slowly must hold no memory.
  await files.put(
    rawKey(id),
    bounded(all, PICTURE_MAX_BYTES, () => tooLarge(PICTURE_MAX_BYTES)),
  )
  const picture = await makePicture(async () => {
    const raw = await files.get(rawKey(id))
    if (raw === undefined) throw new ParleyError('unavailable')
    return collect(raw)
  })
  const stored = await storePicture(files, id, picture)
  await files.delete(rawKey(id))
  return { ...stored, name: withEnding(name, picture.endings) }
}

function tooLarge(maxBytes: number): ParleyError {
  return new ParleyError('file_too_large', { details: { max_bytes: maxBytes } })
}
