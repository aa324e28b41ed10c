/** Taking a file: may it come → room for it → bytes to the store → what it is → the row that makes it real. */
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
import { covered, type Reservation } from './reserve-room.ts'

/** Of one person in one process; more would only be slower. */
const UPLOADS_MAX_AT_ONCE = 10
/** What a form is besides the file in it. */
const FORM_MAX_BYTES = 16 * 1024

export function createUploadFile(
  dependencies: FilesDependencies,
  makePicture: MakePicture,
): FileDoor['upload'] {
  const { limits } = dependencies
  const fewAtOnce = createFewAtOnce(UPLOADS_MAX_AT_ONCE)

  async function take(input: Upload, content: AsyncIterable<Uint8Array>): Promise<FileShape> {
    const { fileMaxBytes } = limits
    const announced = input.announcedBytes
    const leastBytes = Math.max(0, (announced ?? 0) - FORM_MAX_BYTES)
    if (leastBytes > fileMaxBytes) throw tooLarge(fileMaxBytes)
    const mostBytes = Math.min(announced ?? fileMaxBytes, fileMaxBytes)
    return keepFile(dependencies, input.user, { leastBytes, mostBytes }, (id, room) => {
      const fits = bounded(content, fileMaxBytes, () => tooLarge(fileMaxBytes))
      return store(dependencies, makePicture, { id, room }, input, covered(fits, room))
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
  { id, room }: { readonly id: string; readonly room: Reservation },
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
  // First: room is reserved for the larger one of them, not for both.
  await files.delete(rawKey(id))
  const stored = await storePicture(files, id, picture, room)
  return { ...stored, name: withEnding(name, picture.endings) }
}

function tooLarge(maxBytes: number): ParleyError {
  return new ParleyError('file_too_large', { details: { max_bytes: maxBytes } })
}
