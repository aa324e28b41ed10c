/** A row of `files.file`, and the contract's shape of it. */
import type { FileShape } from '@parley/protocol'

export interface FileRow {
  id: string
  owner_id: string
  name: string
  type: string
  bytes: number
  width: number | null
  height: number | null
  placeholder: string | null
  thumbnail_bytes: number | null
  is_avatar: boolean
}

export const FILE_COLUMNS =
  'id, owner_id, name, type, bytes, width, height, placeholder, thumbnail_bytes, is_avatar'

export function toFile(row: FileRow): FileShape {
  const file: FileShape = { id: row.id, name: row.name, type: row.type, bytes: row.bytes }
  if (row.width !== null) file.width = row.width
  if (row.height !== null) file.height = row.height
  if (row.placeholder !== null) file.placeholder = row.placeholder
  return file
}

/** Keys in the file store: what is served, its thumbnail, and a picture as it came, while it is worked on. */
export const thumbnailKey = (id: string): string => `${id}.thumbnail`
export const rawKey = (id: string): string => `${id}.raw`
export const keysOf = (id: string): string[] => [id, thumbnailKey(id), rawKey(id)]
