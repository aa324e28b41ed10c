/**
 * The Ed25519 keys behind access tokens. They overlap: a new key is published a minute before it signs, and an old
 * one stays published until the last token it signed has expired, so that a verifier never meets an unknown key.
 * Private keys lie in schema `auth` in clear: who reads that schema owns the accounts anyway.
 */
import type { Clock, Database, Queryable } from '@parley/contracts'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'

export const TOKEN_ALGORITHM = 'EdDSA'
export const TOKEN_AUDIENCE = 'parley'
export const ACCESS_LIFETIME_SECONDS = { short: 600, day: 86_400 } as const
export type Lifetime = keyof typeof ACCESS_LIFETIME_SECONDS

/** Verifiers read the published keys more often than this. */
export const KEY_LEAD_MS = 60_000
export const KEY_AGE_MAX_MS = 30 * 86_400_000
/** Another process may have rotated the keys. */
const RELOAD_AFTER_MS = 60_000
/** The longest token, and five minutes for a process that still signs with what it loaded. */
const RETIRE_AFTER_MS = (ACCESS_LIFETIME_SECONDS.day + 300) * 1_000

export interface AccessClaims {
  readonly user: string
  readonly device: string
  readonly lifetime: Lifetime
}

export interface SigningKeys {
  sign(claims: AccessClaims): Promise<string>
  /** Every key that a valid token may be signed with, and the one that comes next. */
  publicKeys(): Promise<JWK[]>
  /** Publishes a new key that takes over in a minute, and lets the others retire when their last token has expired. */
  rotate(): Promise<void>
  /** For after a leak: a new key signs at once, and no token signed before counts once verifiers have read the keys again. */
  replaceAll(): Promise<void>
  /** Makes the first key, or rotates when the newest is 30 days old. */
  rotateWhenDue(): Promise<void>
}

interface KeyRow {
  kid: string
  public_jwk: JWK
  private_jwk: JWK
  signs_from: number
  retires_at: number | null
}

interface SigningKey {
  readonly kid: string
  readonly signsFromMs: number
  readonly privateKey: Parameters<SignJWT['sign']>[0]
}

export function createSigningKeys(deps: {
  database: Database
  clock: Clock
  issuer: string
  newId: () => string
}): SigningKeys {
  const { database, clock } = deps
  let loaded: { atMs: number; keys: SigningKey[] } | undefined

  async function load(): Promise<SigningKey[]> {
    const now = clock.now()
    if (loaded !== undefined && now - loaded.atMs < RELOAD_AFTER_MS) return loaded.keys
    const rows = await readKeys(database, now)
    const keys = await Promise.all(rows.map(importKey))
    loaded = { atMs: now, keys }
    return keys
  }

  async function current(): Promise<SigningKey> {
    const newestSigning = (keys: SigningKey[]) =>
      keys.findLast((candidate) => candidate.signsFromMs <= clock.now())
    const found = newestSigning(await load())
    if (found !== undefined) return found
    await insertKey((newest) => newest === undefined)
    const made = newestSigning(await load())
    if (made === undefined) throw new Error('no key signs yet: the clock went backwards')
    return made
  }

  /** Under a lock, so that two processes which find a key too old at the same moment make one new key. */
  async function insertKey(isNeeded: (newest: KeyRow | undefined) => boolean, alone = false): Promise<void> {
    const pair = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true })
    const [publicJwk, privateJwk] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)])
    const kid = deps.newId()
    await database.transaction(async (transaction) => {
      await transaction.query('lock table auth.signing_key in share row exclusive mode')
      if (alone) await transaction.query('delete from auth.signing_key')
      const now = clock.now()
      const newest = (await readKeys(transaction, now)).at(-1)
      if (!isNeeded(newest)) return
      const signsFrom = newest === undefined ? now : now + KEY_LEAD_MS
      await transaction.query('update auth.signing_key set retires_at = $1 where retires_at is null', [
        signsFrom + RETIRE_AFTER_MS,
      ])
      await transaction.query(
        `insert into auth.signing_key (kid, public_jwk, private_jwk, signs_from) values ($1, $2, $3, $4)`,
        [
          kid,
          { ...publicJwk, kid, alg: TOKEN_ALGORITHM, use: 'sig' },
          { ...privateJwk, kid, alg: TOKEN_ALGORITHM },
          signsFrom,
        ],
      )
    })
    loaded = undefined
  }

  return {
    async sign({ user, device, lifetime }) {
      const key = await current()
      const issuedAt = Math.floor(clock.now() / 1_000)
      return new SignJWT({ sid: device })
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: key.kid, typ: 'JWT' })
        .setIssuer(deps.issuer)
        .setAudience(TOKEN_AUDIENCE)
        .setSubject(user)
        .setJti(deps.newId())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ACCESS_LIFETIME_SECONDS[lifetime])
        .sign(key.privateKey)
    },
    async publicKeys() {
      await current()
      return (await readKeys(database, clock.now())).map((row) => row.public_jwk)
    },
    rotate: () => insertKey(() => true),
    replaceAll: () => insertKey(() => true, true),
    rotateWhenDue: () =>
      insertKey((newest) => newest === undefined || clock.now() - newest.signs_from >= KEY_AGE_MAX_MS),
  }
}

/** Oldest first, without those that have retired. */
async function readKeys(database: Queryable, nowMs: number): Promise<KeyRow[]> {
  const { rows } = await database.query<KeyRow>(
    `select kid, public_jwk, private_jwk, signs_from, retires_at from auth.signing_key
     where retires_at is null or retires_at > $1 order by signs_from, kid`,
    [nowMs],
  )
  return rows
}

async function importKey(row: KeyRow): Promise<SigningKey> {
  return {
    kid: row.kid,
    signsFromMs: row.signs_from,
    privateKey: await importJWK(row.private_jwk, TOKEN_ALGORITHM),
  }
}
