/** First letters of the first and the last word; of a Vietnamese name the last two words, as people use them. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean)
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => firstGrapheme(word))
  return letters.join('').toLocaleUpperCase() || '?'
}

function firstGrapheme(word: string | undefined): string {
  if (word === undefined) return ''
  const letter = /[\p{L}\p{N}]\p{M}*/u.exec(word)
  return letter === null ? [...word].slice(0, 1).join('') : letter[0]
}

/** A hue from 0 to 359 that stays the same for an id everywhere. */
export function hueOf(id: string): number {
  let hash = 2_166_136_261
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 16_777_619)
  // Steps of 24°, so that two people are either the same or clearly different.
  return (Math.abs(hash) % 15) * 24
}
