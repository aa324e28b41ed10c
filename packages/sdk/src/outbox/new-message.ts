import { BODY_MAX_CHARS, type FileShape, ParleyError } from '@parley/protocol'
import type { NewFile } from '../api.ts'
import type { OutboxItem } from './outbox-item.ts'
import { isNewFile, type OutboxUpload, toUpload, uploadId } from './outbox-upload.ts'

/** What a person writes. */
export interface NewMessage {
  readonly body: string
  readonly reply_to?: number
  readonly files?: readonly (FileShape | NewFile)[]
}

interface Circumstances {
  readonly now: number
  readonly order: number
  readonly newId: () => string
  readonly online: boolean
}

/** With the bytes that are to be kept until it is sent, by the id of their upload. Throws `invalid_request`. */
export function toOutboxItem(
  room: string,
  { body, reply_to, files = [] }: NewMessage,
  { now, order, newId, online }: Circumstances,
): { item: OutboxItem; bytes?: ReadonlyMap<string, Blob> } {
  const trimmed = body.trim()
  if ((trimmed === '' && files.length === 0) || [...trimmed].length > BODY_MAX_CHARS) {
    throw new ParleyError('invalid_request', {
      details: { fields: { body: `must be 1 to ${BODY_MAX_CHARS} characters` } },
    })
  }
  const item: OutboxItem = {
    client_id: newId(),
    room,
    body: trimmed,
    ...(reply_to === undefined ? {} : { reply_to }),
    at: now,
    order,
  }
  // Where it may be long until it is sent, what is uploaded already may have to be uploaded again.
  const waits = !online || files.some((file) => isNewFile(file) && file.file === undefined)
  const chosen = waits ? files : files.map((file) => (isNewFile(file) ? (file.file ?? file) : file))
  if (chosen.length === 0) return { item }
  if (!chosen.some(isNewFile)) return { item: { ...item, files: chosen as readonly FileShape[] } }
  const bytes = new Map<string, Blob>()
  const uploads = chosen.map((file): OutboxUpload => {
    const id = uploadId(now, newId())
    if (isNewFile(file)) bytes.set(id, file.source)
    return toUpload(file, id, now)
  })
  return { item: { ...item, uploads }, bytes }
}
