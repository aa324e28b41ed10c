/**
 * A refresh token is `family.secret`, 256 random bits each. The family stays the same for a device session, the
 * secret changes with every use. Whoever shows a known family with a secret that is no longer accepted has had a
 * genuine token: that is how reuse is seen without keeping a row for every token ever issued (a client that
 * refreshes every ten minutes would leave 4,320 a month).
 */
import { createHash, randomBytes } from 'node:crypto'

const PART_CHARS = 43
const SHAPE = new RegExp(`^[A-Za-z0-9_-]{${PART_CHARS}}\\.[A-Za-z0-9_-]{${PART_CHARS}}$`)

export interface RefreshToken {
  readonly text: string
  /** SHA-256 of the family, base64url. */
  readonly familyHash: string
  /** SHA-256 of the whole token, base64url. */
  readonly hash: string
}

const randomPart = (): string => randomBytes(32).toString('base64url')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

export function newRefreshToken(): RefreshToken {
  return describe(`${randomPart()}.${randomPart()}`)
}

/** The next token of the same family. */
export function succeed(token: RefreshToken): RefreshToken {
  return describe(`${token.text.slice(0, PART_CHARS)}.${randomPart()}`)
}

/** Undefined for text that cannot be one. */
export function readRefreshToken(text: string): RefreshToken | undefined {
  return SHAPE.test(text) ? describe(text) : undefined
}

function describe(text: string): RefreshToken {
  return { text, familyHash: sha256(text.slice(0, PART_CHARS)), hash: sha256(text) }
}
