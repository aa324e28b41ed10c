/** What people wrote, made fit for a letter: on one line, of bounded length, and nothing a mail program makes a link of. */

export const NAME_MAX_CHARS = 60

/** The joiner of emoji is the only invisible character that means something here. */
const INVISIBLE = /(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** Invisible, and no part of any address. */
const BREAK = '\u2060'

export function cleanWords(text: string, maxChars = NAME_MAX_CHARS): string {
  const line = text.toWellFormed().replace(INVISIBLE, ' ').replace(/\s+/gu, ' ').trim()
  const characters = [...line]
  const cut = characters.length <= maxChars ? line : `${characters.slice(0, maxChars - 1).join('')}…`
  return breakLinks(cut)
}

/** Mail programs turn `evil.example` and `https://…` into links by themselves, whoever wrote them. */
function breakLinks(text: string): string {
  return text
    .replace(/([\p{L}\p{N}_-])\.(?=[\p{L}\p{N}])/gu, `$1.${BREAK}`)
    .replaceAll('://', `:${BREAK}//`)
    .replaceAll('@', `@${BREAK}`)
}
