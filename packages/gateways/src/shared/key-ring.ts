/** The published keys of the auth service, kept at hand so that verifying needs no network. */
import type { AuthService, Clock } from '@parley/contracts'
import { type CryptoKey, importJWK, type JWK } from 'jose'

export const ALGORITHM = 'EdDSA'
/** Half of the time by which auth publishes a key before it signs. */
export const KEYS_RELOAD_MS = 30_000
/** However many tokens with unknown keys arrive. */
export const UNKNOWN_KEY_RELOAD_MS = 5_000

export interface KeyRing {
  readonly issuer: string
  readonly audience: string
  readonly loadedAtMs: number
  load(): Promise<void>
  /** Asks auth again for a key it does not know, at most every 5 s. Undefined when there is none. */
  find(kid: string): Promise<CryptoKey | undefined>
}

export function createKeyRing(auth: Pick<AuthService, 'keys'>, clock: Clock): KeyRing {
  let keys = new Map<string, CryptoKey>()
  let issuer = ''
  let audience = ''
  let loadedAtMs = Number.NEGATIVE_INFINITY
  let askedAtMs = Number.NEGATIVE_INFINITY
  let loading: Promise<void> | undefined

  async function loadNow(): Promise<void> {
    const askedAt = clock.now()
    const answer = await auth.keys({})
    const imported = await Promise.all(answer.keys.map(importPublic))
    keys = new Map(imported.filter((entry) => entry !== undefined))
    issuer = answer.issuer
    audience = answer.audience
    loadedAtMs = askedAt
  }

  function load(): Promise<void> {
    loading ??= loadNow().finally(() => {
      loading = undefined
    })
    return loading
  }

  return {
    get issuer() {
      return issuer
    },
    get audience() {
      return audience
    },
    get loadedAtMs() {
      return loadedAtMs
    },
    load,
    async find(kid) {
      const known = keys.get(kid)
      if (known !== undefined) return known
      if (clock.now() - askedAtMs >= UNKNOWN_KEY_RELOAD_MS) {
        askedAtMs = clock.now()
        await load()
      } else await loading
      return keys.get(kid)
    },
  }
}

/** Only what our algorithm uses: a key of another kind would never verify anything, so it is not even kept. */
async function importPublic(jwk: JWK): Promise<[string, CryptoKey] | undefined> {
  if (typeof jwk.kid !== 'string' || jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519') return undefined
  const { kid, kty, crv, x } = jwk
  const key = await importJWK({ kty, crv, ...(x === undefined ? {} : { x }) }, ALGORITHM)
  return key instanceof Uint8Array ? undefined : [kid, key]
}
