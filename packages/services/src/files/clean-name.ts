/** The name under which a file is shown and saved: never a path, never one that reads differently from what it is. */
import { FILE_NAME_MAX_CHARS } from '@parley/protocol'

const SEPARATOR = /[/\\]/
/** Control, format (bidirectional and invisible ones among them), private, unassigned, and lone surrogates. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu
/** What file systems refuse or shells and headers read as something else. */
const SPECIAL = /[<>:"|?*%;`$]/g
/** Devices, on Windows whatever their ending. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i
const ENDING_MAX_CHARS = 16
const NAMELESS = 'file'

export function cleanName(given: string): string {
  const last = given.split(SEPARATOR).findLast((part) => part.trim() !== '') ?? ''
  const plain = last
    .normalize('NFC')
    .replace(HIDDEN, '')
    .replace(SPECIAL, '_')
    .replace(/\s+/gu, ' ')
    // A name that begins with a dot is hidden, one that ends with it loses its ending on Windows.
    .replace(/^[. ]+|[. ]+$/g, '')
  const safe = RESERVED.test(plain) ? `_${plain}` : plain
  return shorten(safe) || NAMELESS
}

/** The ending that belongs to the type; another one stays as a part of the name. */
export function withEnding(name: string, endings: readonly string[]): string {
  const [wanted] = endings
  const lower = name.toLowerCase()
  if (wanted === undefined || endings.some((ending) => lower.endsWith(`.${ending}`))) return name
  return shorten(`${name}.${wanted}`)
}

/** By code points, so that none is cut in two; the ending stays. */
function shorten(name: string): string {
  const chars = [...name]
  if (chars.length <= FILE_NAME_MAX_CHARS) return name
  const dot = chars.lastIndexOf('.')
  const ending = dot > 0 && chars.length - dot <= ENDING_MAX_CHARS ? chars.slice(dot) : []
  return [...chars.slice(0, FILE_NAME_MAX_CHARS - ending.length), ...ending].join('').trim()
}
