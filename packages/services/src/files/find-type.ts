/**
 * What a file is, by its first bytes and never by its name or by what the sender says. Only what is in this table is
 * ever shown inside a page; everything else is saved by the browser, whatever it may be.
 */
import { fileTypeFromBuffer } from 'file-type'

/** Enough for every type in the table. */
export const HEAD_BYTES = 64 * 1024

export interface FoundType {
  /** `picture`: is made anew from its pixels. `unsupported`: a picture that cannot be, and that
   * tells where it was taken. `media`: played by the browser. `attachment`: only saved. */
  readonly kind: 'picture' | 'unsupported' | 'media' | 'attachment'
  readonly type: string
  /** Endings that fit, the usual one first; none for attachments, whose names stay. */
  readonly endings: readonly string[]
}

const UNKNOWN = 'application/octet-stream'

const pictures: Readonly<Record<string, readonly string[]>> = {
  'image/jpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/apng': ['png'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/avif': ['avif'],
  // Of the family of the next ones, with AVIF or with HEVC in it: its reader finds out.
  'image/heif': ['heif'],
}

const unsupported: ReadonlySet<string> = new Set(['image/heic', 'image/heic-sequence', 'image/heif-sequence'])

/** As we name it, and its endings. */
const media: Readonly<Record<string, readonly [type: string, ...endings: string[]]>> = {
  'video/mp4': ['video/mp4', 'mp4', 'm4v'],
  'video/x-m4v': ['video/mp4', 'm4v', 'mp4'],
  'video/webm': ['video/webm', 'webm'],
  'video/ogg': ['video/ogg', 'ogv', 'ogg'],
  'video/quicktime': ['video/quicktime', 'mov'],
  'audio/mpeg': ['audio/mpeg', 'mp3'],
  'audio/ogg': ['audio/ogg', 'ogg', 'oga', 'opus'],
  'audio/ogg; codecs=opus': ['audio/ogg', 'opus', 'ogg', 'oga'],
  'audio/opus': ['audio/ogg', 'opus', 'ogg', 'oga'],
  'audio/wav': ['audio/wav', 'wav'],
  'audio/vnd.wave': ['audio/wav', 'wav'],
  'audio/flac': ['audio/flac', 'flac'],
  'audio/x-flac': ['audio/flac', 'flac'],
  'audio/mp4': ['audio/mp4', 'm4a', 'mp4'],
  'audio/x-m4a': ['audio/mp4', 'm4a', 'mp4'],
  'audio/aac': ['audio/aac', 'aac'],
}

/** Named to people for what they are; nothing of this is opened by a browser of ours. */
const attachments: ReadonlySet<string> = new Set([
  'application/pdf',
  'application/zip',
  'application/gzip',
  'application/x-7z-compressed',
  'application/vnd.rar',
  'application/epub+zip',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.oasis.opendocument.text',
  'application/vnd.oasis.opendocument.spreadsheet',
  'application/vnd.oasis.opendocument.presentation',
])

/** `head`: the first `HEAD_BYTES` of the file, or all of it where it is shorter. */
export async function findType(head: Uint8Array): Promise<FoundType> {
  const mime = await sniff(head)
  const pictureEndings = pictures[mime]
  if (pictureEndings !== undefined) return { kind: 'picture', type: mime, endings: pictureEndings }
  if (unsupported.has(mime)) return { kind: 'unsupported', type: mime, endings: [] }
  const found = media[mime]
  if (found !== undefined) {
    const [type, ...endings] = found
    return { kind: 'media', type, endings }
  }
  return { kind: 'attachment', type: attachments.has(mime) ? mime : UNKNOWN, endings: [] }
}

async function sniff(head: Uint8Array): Promise<string> {
  try {
    return (await fileTypeFromBuffer(head))?.mime ?? UNKNOWN
  } catch {
    // Bytes that confuse the reader of headers are nothing that we know.
    return UNKNOWN
  }
}

/** Whether a browser may show it in a page. */
export function isShown(type: string): boolean {
  return pictures[type] !== undefined || Object.values(media).some(([known]) => known === type)
}
