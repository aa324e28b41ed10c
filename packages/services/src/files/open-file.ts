/** Handing out a file: who may see it is asked at every request, of whoever knows. */
import type { FileAnswer, FileDoor, FileRequest } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { FilesDependencies } from './dependencies.ts'
import { FILE_COLUMNS, type FileRow, thumbnailKey } from './file-row.ts'
import { isShown } from './find-type.ts'
import { resolveRange } from './resolve-range.ts'

const THUMBNAIL_TYPE = 'image/webp'
/** What is not shown is not named either: a browser must not find a use for it. */
const SAVED_TYPE = 'application/octet-stream'

export function createOpenFile({ database, store, rooms }: FilesDependencies): FileDoor['open'] {
  return async (request, context) => {
    const { rows } = await database.query<FileRow>(
      `select ${FILE_COLUMNS} from files.file where id = $1 and state = 'ready'`,
      [request.id],
      'files.open',
    )
    const row = rows[0]
    if (row === undefined) throw new ParleyError('not_found')
    if (row.owner_id !== request.user && !row.is_avatar) {
      const { allowed } = await rooms.canReadFile({ user: request.user, file: row.id }, context)
      if (!allowed) throw new ParleyError('not_found')
    }
    const answer = describe(row, request)
    if (request.headOnly === true || answer.status === 304 || answer.status === 416)
      return { ...answer, content: undefined }
    const key = request.variant === 'thumbnail' ? thumbnailKey(row.id) : row.id
    const range = answer.status === 206 ? { start: answer.start, end: answer.end } : undefined
    const content = await store.get(key, range)
    if (content === undefined) throw new ParleyError('not_found')
    return { ...answer, content }
  }
}

function describe(row: FileRow, { variant, range: header, known }: FileRequest): FileAnswer {
  const isThumbnail = variant === 'thumbnail'
  const totalBytes = isThumbnail ? row.thumbnail_bytes : row.bytes
  if (totalBytes === null) throw new ParleyError('not_found')
  const type = isThumbnail ? THUMBNAIL_TYPE : row.type
  const shown = isShown(type)
  // The bytes under an id never change.
  const tag = `"${row.id}${isThumbnail ? '-thumbnail' : ''}"`
  const range = resolveRange(header, totalBytes)
  const status = matches(known, tag) ? 304 : range === 'unsatisfiable' ? 416 : range === undefined ? 200 : 206
  const { start, end } = typeof range === 'object' ? range : { start: 0, end: totalBytes - 1 }
  return {
    status,
    name: row.name,
    type: shown ? type : SAVED_TYPE,
    disposition: shown ? 'inline' : 'attachment',
    totalBytes,
    start,
    end,
    tag,
  }
}

function matches(known: string | undefined, tag: string): boolean {
  return known?.split(',').some((one) => one.trim().replace(/^W\//, '') === tag) ?? false
}
