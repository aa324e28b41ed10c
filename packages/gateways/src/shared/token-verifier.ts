/** Verifies access tokens locally: signature, claims, expiry, and whether their device session was ended. */
import type { AuthService, Bus, Clock, Log, Revocation } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { errors, type JWSHeaderParameters, jwtVerify } from 'jose'
import { ALGORITHM, createKeyRing, KEYS_RELOAD_MS, type KeyRing } from './key-ring.ts'
import { createRevocationFeed } from './revocation-feed.ts'

export interface Principal {
  readonly user: string
  readonly device: string
  readonly expiresAtMs: number
}

export interface TokenVerifier {
  /** Loads keys and all revocations; then polls every 500 ms. Throws what auth throws. */
  start(): Promise<void>
  /**
   * Throws `unauthenticated` or `token_expired`. Local: no network, unless the token names a key never heard of
   * (asked for at most every 5 s; then also what auth throws, such as `unavailable`).
   */
  verify(token: string): Promise<Principal>
  /** Told once per device or user whose tokens stopped counting after `start`. The returned function ends it. */
  onRevoked(handler: (revocation: Revocation) => void): () => void
  /** False before `start` has resolved and while the feed is older than 5 s: take no new connection. */
  readonly fresh: boolean
  /** Since auth last told what was revoked; infinite before `start` has resolved. */
  readonly feedAgeMs: number
  close(): void
}

/** Ours have about 400; a longer one is not even decoded. */
const TOKEN_MAX_CHARS = 2_000
/** At about 700 bytes each, 14 MB. */
const VERIFIED_MAX = 20_000
/** Header fields that bring a key along or say where to fetch one. */
const FOREIGN_KEY_FIELDS = ['jwk', 'jku', 'x5c', 'x5u', 'x5t', 'x5t#S256'] as const

export function createTokenVerifier(deps: {
  auth: Pick<AuthService, 'keys' | 'revocations'>
  bus: Bus
  clock: Clock
  log: Log
}): TokenVerifier {
  const { auth, bus, clock, log } = deps
  const keys = createKeyRing(auth, clock)
  /** Verified tokens, oldest first: a signature costs 0.1 ms and every request brings one. */
  const verified = new Map<string, Principal>()
  const feed = createRevocationFeed({
    auth,
    bus,
    clock,
    log,
    async afterPoll() {
      if (clock.now() - keys.loadedAtMs < KEYS_RELOAD_MS) return
      await keys.load()
      // What a key that has been withdrawn verified must be verified again.
      verified.clear()
    },
  })

  function remember(token: string, principal: Principal): void {
    verified.set(token, principal)
    const [oldest] = verified.keys()
    if (verified.size > VERIFIED_MAX && oldest !== undefined) verified.delete(oldest)
  }

  return {
    async start() {
      await keys.load()
      await feed.start()
    },
    async verify(token) {
      let principal = verified.get(token)
      if (principal === undefined) {
        principal = await verifyToken(token, keys, clock.now())
        remember(token, principal)
      } else if (principal.expiresAtMs <= clock.now()) {
        verified.delete(token)
        throw new ParleyError('token_expired')
      }
      if (feed.isRevoked(principal.device)) throw new ParleyError('unauthenticated')
      return principal
    },
    onRevoked: feed.onRevoked,
    get fresh() {
      return feed.fresh
    },
    get feedAgeMs() {
      return feed.ageMs
    },
    close: feed.close,
  }
}

async function verifyToken(token: string, keys: KeyRing, nowMs: number): Promise<Principal> {
  if (token.length > TOKEN_MAX_CHARS) throw new ParleyError('unauthenticated')
  try {
    const { payload } = await jwtVerify(token, (header) => findKey(header, keys), {
      algorithms: [ALGORITHM],
      // Empty until the keys were loaded, and then they match no token.
      issuer: keys.issuer,
      audience: keys.audience,
      currentDate: new Date(nowMs),
      requiredClaims: ['sub', 'sid', 'iat', 'exp'],
    })
    const { sub, sid, exp } = payload
    if (typeof sub !== 'string' || typeof sid !== 'string' || exp === undefined) {
      throw new ParleyError('unauthenticated')
    }
    return { user: sub, device: sid, expiresAtMs: exp * 1_000 }
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new ParleyError('token_expired')
    if (error instanceof errors.JOSEError) throw new ParleyError('unauthenticated', { cause: error })
    throw error
  }
}

async function findKey(header: JWSHeaderParameters, keys: KeyRing) {
  const foreign = FOREIGN_KEY_FIELDS.some((field) => field in header)
  const key = foreign || typeof header.kid !== 'string' ? undefined : await keys.find(header.kid)
  if (key === undefined) throw new errors.JWKSNoMatchingKey()
  return key
}
