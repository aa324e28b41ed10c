/** The one-time code that makes its first bearer an administrator. Only its hash is stored. */
import { createHash, randomBytes } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const GROUPS = 4
const GROUP_CHARS = 5

/** 100 random bits in groups that a person can type, e.g. `k3v9d-0mzqa-77tps-e4hxn`. */
export function newSetupCode(): string {
  const chars = Array.from(randomBytes(GROUPS * GROUP_CHARS), (byte) => ALPHABET.charAt(byte & 31))
  return Array.from({ length: GROUPS }, (_, group) =>
    chars.slice(group * GROUP_CHARS, (group + 1) * GROUP_CHARS).join(''),
  ).join('-')
}

/** The same for a code that was typed in capitals, with spaces or without dashes. */
export function hashSetupCode(code: string): string {
  const plain = code.toLowerCase().replace(/[\s-]/g, '')
  return createHash('sha256').update(plain).digest('base64url')
}
