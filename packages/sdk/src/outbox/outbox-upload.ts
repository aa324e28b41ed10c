/** Files of a message on its way: what is known of each, and what may still be done with them. */
import type { ErrorCode, FileShape } from '@parley/protocol'
import type { NewFile } from '../api.ts'
import type { OutboxItem } from './outbox-item.ts'

export interface OutboxUpload {
  /** Of the bytes on this device; begins with when they were put there. */
  readonly id: string
  readonly name: string
  readonly type: string
  readonly bytes: number
  /** Its bytes are on this device until the message is sent, so that it can be uploaded (again). */
  readonly kept: boolean
  /** It is at the server. */
  readonly file?: FileShape
  /** Since when, milliseconds since the epoch. */
  readonly uploaded_at?: number
  /** The server took it for no file of its own. */
  readonly refused?: ErrorCode
}

/** What an unsent message may keep on this device, all rooms together. */
export const KEPT_MAX_BYTES = 200_000_000
/** The server removes what was never sent a day after its upload; half of that leaves room for a wrong clock. */
const FRESH_MS = 12 * 3_600_000
const TIME_DIGITS = 17

export const uploadPrefix = (user: string): string => `upload/${user}/`

/** Puts the time first, so that what nobody claims can be told from what is being written just now. */
export const uploadId = (at: number, id: string): string => `${String(at).padStart(TIME_DIGITS, '0')}-${id}`
export const uploadTime = (id: string): number => Number(id.slice(0, TIME_DIGITS))

export const isNewFile = (file: FileShape | NewFile): file is NewFile => 'source' in file

export function toUpload(file: FileShape | NewFile, id: string, at: number): OutboxUpload {
  if (!isNewFile(file)) {
    return { id, name: file.name, type: file.type, bytes: file.bytes, kept: false, file, uploaded_at: at }
  }
  const { source, name } = file
  return {
    id,
    name: name ?? (source as { name?: string }).name ?? 'file',
    type: source.type,
    bytes: source.size,
    kept: true,
    ...(file.file === undefined ? {} : { file: file.file, uploaded_at: at }),
  }
}

export const isUploading = ({ uploads = [] }: OutboxItem): boolean =>
  uploads.some(({ file }) => file === undefined)

export const nextUpload = ({ uploads = [] }: OutboxItem): OutboxUpload | undefined =>
  uploads.find(({ file }) => file === undefined)

/** In the order they were attached; those that are not at the server yet are left out. */
export const filesOf = ({ files = [], uploads }: OutboxItem): readonly FileShape[] =>
  uploads === undefined ? files : uploads.flatMap(({ file }) => file ?? [])

export const keptBytes = (items: readonly OutboxItem[]): number =>
  items.flatMap(({ uploads = [] }) => uploads).reduce((sum, { kept, bytes }) => sum + (kept ? bytes : 0), 0)

export function withUpload(item: OutboxItem, id: string, changes: Partial<OutboxUpload>): OutboxItem {
  const { uploads = [] } = item
  return { ...item, uploads: uploads.map((one) => (one.id === id ? { ...one, ...changes } : one)) }
}

/** Without one file; the message is no failure any more when it was one because of it. */
export function withoutUpload(item: OutboxItem, id: string): OutboxItem {
  const { uploads = [] } = item
  const left = { ...item, uploads: uploads.filter((one) => one.id !== id) }
  return left.uploads.some(({ refused }) => refused !== undefined) ? left : toTryAgain(left)
}

/** As if nothing had been refused. */
export function toTryAgain(item: OutboxItem): OutboxItem {
  const { error: _error, error_code: _code, ...again } = item
  if (again.uploads === undefined) return again
  return { ...again, uploads: again.uploads.map(({ refused: _refused, ...upload }) => upload) }
}

const isStale = ({ kept, file, uploaded_at }: OutboxUpload, now: number): boolean =>
  kept && file !== undefined && now - (uploaded_at ?? 0) > FRESH_MS

/** Files that the server may have given up meanwhile are to be uploaded anew; undefined when there are none. */
export function withoutStale(item: OutboxItem, now: number): OutboxItem | undefined {
  const { uploads = [] } = item
  if (!uploads.some((upload) => isStale(upload, now))) return undefined
  return {
    ...item,
    uploads: uploads.map((upload) => {
      const { file: _file, uploaded_at: _at, ...anew } = upload
      return isStale(upload, now) ? anew : upload
    }),
  }
}
