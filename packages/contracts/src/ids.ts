/** Ids: 20 characters, the first 9 of them time, so that new rows land at the end of an index; the rest 55 random bits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_CHARS = 9
const RANDOM_CHARS = 11

export type NewId = () => string

export function createIds(
  now: () => number = Date.now,
  random: (bytes: Uint8Array) => Uint8Array = (bytes) =>
    crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
): NewId {
  const bytes = new Uint8Array(RANDOM_CHARS)
  return () => {
    let time = now()
    let text = ''
    for (let i = 0; i < TIME_CHARS; i++) {
      text = ALPHABET.charAt(time % 32) + text
      time = Math.floor(time / 32)
    }
    for (const byte of random(bytes)) text += ALPHABET.charAt(byte & 31)
    return text
  }
}
