/** Rules for text that people type, shared by server and client so that both say the same. */

/** Characters as a person counts code points, not UTF-16 units: an emoji of the basic kind is one. */
export function characterCount(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u
/** Overrides, embeddings, isolates and marks that make a name read differently from what it is. */
const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
/** Invisible characters with which two different names look the same. The joiners stay: emoji and some scripts need them. */
const INVISIBLE = /[\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0\ufff9-\ufffb]/u

/** True for text PostgreSQL can store and JSON can carry: no NUL, no lone surrogate. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

export function isPlainName(text: string): boolean {
  return isStorable(text) && !CONTROL.test(text) && !BIDIRECTIONAL.test(text) && !INVISIBLE.test(text)
}

export function normalizeName(text: string): string {
  return text.normalize('NFC').trim()
}

/**
 * The key under which names of public rooms are unique: names that look alike but for case, width, spaces or characters
 * that are not seen are the same. (Up and down again folds more than down alone: `ß` and `SS`, `ς` and `σ`.)
 */
export function nameKey(name: string): string {
  return normalizeName(name)
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/\s+/gu, ' ')
    .toUpperCase()
    .toLowerCase()
}

/** Folds for search on the client: without accents and case, so `da nang` finds `Đà Nẵng`. The server's SQL does the same. */
export function foldText(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[đĐ]/gu, 'd')
    .toLowerCase()
}

let segmenter: Intl.Segmenter | undefined

/** One user-perceived character that is an emoji. */
export function isEmoji(text: string): boolean {
  if (text.length === 0 || text.length > 64 || !isStorable(text)) return false
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  const graphemes = segmenter.segment(text)[Symbol.iterator]()
  if (graphemes.next().value?.segment !== text) return false
  return /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3/u.test(text)
}

/** Whether this machine's calendar knows the time zone. */
export function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}
