/** Who sends a push (VAPID, RFC 8292): one key pair a deployment, made at the first start, kept in the database as the other secrets are. */
import { createECDH } from 'node:crypto'
import type { Clock, Database } from '@parley/contracts'
import { importJWK, type JWK, SignJWT } from 'jose'

const LIFETIME_SECONDS = 12 * 3_600
/** A signature is used again until this long before its end. */
const RENEW_BEFORE_MS = 3_600_000
const ORIGINS_MAX = 100

export interface Vapid {
  /** What browsers subscribe with: a point of P-256, base64url. */
  readonly publicKey: string
  /** The `Authorization` of requests to this endpoint. */
  authorize(endpoint: string): Promise<string>
}

interface KeyRow {
  public_key: string
  private_jwk: JWK
}

/** `contact`: a URL (`https:` or `mailto:`) by which a push service finds the operator. */
export async function loadVapid(database: Database, clock: Clock, contact: string): Promise<Vapid> {
  const row = await loadKey(database)
  const key = await importJWK(row.private_jwk, 'ES256')
  const signed = new Map<string, { text: string; renewAt: number }>()
  return {
    publicKey: row.public_key,
    async authorize(endpoint) {
      const { origin } = new URL(endpoint)
      const now = clock.now()
      const known = signed.get(origin)
      if (known !== undefined && now < known.renewAt) return known.text
      const expiresAt = Math.floor(now / 1_000) + LIFETIME_SECONDS
      const token = await new SignJWT()
        .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
        .setAudience(origin)
        .setExpirationTime(expiresAt)
        .setSubject(contact)
        .sign(key)
      const text = `vapid t=${token}, k=${row.public_key}`
      signed.delete(origin)
      signed.set(origin, { text, renewAt: expiresAt * 1_000 - RENEW_BEFORE_MS })
      const [oldest] = signed.keys()
      if (signed.size > ORIGINS_MAX && oldest !== undefined) signed.delete(oldest)
      return text
    },
  }
}

/** Of processes that start at once the first one's stays. */
async function loadKey(database: Database): Promise<KeyRow> {
  const read = () => database.query<KeyRow>('select public_key, private_jwk from notifications.push_key')
  const found = (await read()).rows[0]
  if (found !== undefined) return found
  const pair = createECDH('prime256v1')
  const point = pair.generateKeys()
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
    // Leading zeros are left out by the key pair, and not by a JWK.
    d: Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()])
      .subarray(-32)
      .toString('base64url'),
  }
  await database.query(
    'insert into notifications.push_key (public_key, private_jwk) values ($1, $2::jsonb) on conflict do nothing',
    [point.toString('base64url'), JSON.stringify(jwk)],
  )
  const made = (await read()).rows[0]
  if (made === undefined) throw new Error('the key of web push was not kept')
  return made
}
