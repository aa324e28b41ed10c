import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { type Bus, REVOCATIONS_TOPIC, type Revocation, silentLog } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createManualClock, type ManualClock } from '../../../../tests/support/manual-clock.ts'
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts'

type PrivateKey = Parameters<SignJWT['sign']>[0]
const claims = { sub: 'ada', sid: 'laptop', iss: 'https://chat.test', aud: 'parley' }

/** An auth service of two verbs whose answers the test decides. */
function createFakeAuth(clock: ManualClock) {
  const published: JWK[] = []
  const feed: Revocation[] = []
  const asked = { keys: 0, revocations: 0 }
  const state = { down: false }
  const answer = () => {
    if (state.down) throw new ParleyError('unavailable')
  }
  return {
    published,
    feed,
    asked,
    state,
    revoke(subject: string, kind: Revocation['kind'] = 'device') {
      feed.push({ id: feed.length + 1, at: clock.now(), kind, subject })
    },
    async keys() {
      asked.keys++
      answer()
      return { keys: published.map((key) => ({ ...key })), issuer: claims.iss, audience: claims.aud }
    },
    async revocations({ after }: { after: number }) {
      asked.revocations++
      answer()
      return { revocations: feed.filter(({ id }) => id > after), now: clock.now() }
    },
  }
}

let clock: ManualClock
let bus: Bus
let auth: ReturnType<typeof createFakeAuth>
let verifier: TokenVerifier
let privateKey: PrivateKey

async function publishKey(kid: string): Promise<PrivateKey> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  auth.published.push({ ...(await exportJWK(pair.publicKey)), kid, alg: 'EdDSA', use: 'sig' })
  return pair.privateKey
}

beforeEach(async () => {
  clock = createManualClock()
  bus = createInProcessBus()
  auth = createFakeAuth(clock)
  privateKey = await publishKey('key-1')
  verifier = createTokenVerifier({ auth, bus, clock, log: silentLog })
})
afterEach(() => verifier.close())

interface Made {
  claims?: JWTPayload
  header?: Record<string, unknown>
  key?: PrivateKey
  lifetimeSeconds?: number
}

function makeToken({ claims: more = {}, header = {}, key = privateKey, lifetimeSeconds = 600 }: Made = {}) {
  const now = Math.floor(clock.now() / 1_000)
  return new SignJWT({ ...claims, iat: now, exp: now + lifetimeSeconds, ...more })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'key-1', typ: 'JWT', ...header })
    .sign(key)
}

const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')

async function codeOf(token: string): Promise<string> {
  try {
    await verifier.verify(token)
  } catch (error) {
    if (error instanceof ParleyError) return error.code
    throw error
  }
  return 'none'
}

/** Lets polls that are under way come to their end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('a token', () => {
  beforeEach(() => verifier.start())

  it('says who, which device and until when', async () => {
    const expiresAtMs = clock.now() + 600_000
    expect(await verifier.verify(await makeToken())).toEqual({ user: 'ada', device: 'laptop', expiresAtMs })
  })

  it('expires on the millisecond, remembered or not', async () => {
    const [seen, unseen] = [await makeToken(), await makeToken({ claims: { jti: 'another' } })]
    clock.advance(599_999)
    expect(await codeOf(seen)).toBe('none')
    clock.advance(1)
    expect(await codeOf(seen)).toBe('token_expired')
    expect(await codeOf(seen)).toBe('token_expired')
    expect(await codeOf(unseen)).toBe('token_expired')
  })

  it('is refused without a signature, whatever it claims to be signed with', async () => {
    const payload = encode({ ...claims, iat: 1, exp: 9_999_999_999 })
    for (const alg of ['none', 'None', 'NONE', 'EdDSA', 'HS256']) {
      const header = encode({ alg, kid: 'key-1' })
      expect(await codeOf(`${header}.${payload}.`)).toBe('unauthenticated')
      expect(await codeOf(`${header}.${payload}`)).toBe('unauthenticated')
    }
  })

  it('is refused with a foreign algorithm, even when the public key is the secret', async () => {
    const secret = Buffer.from(String(auth.published[0]?.x), 'base64url')
    const { privateKey: foreign } = await generateKeyPair('ES256')
    expect(await codeOf(await makeToken({ header: { alg: 'HS256' }, key: secret }))).toBe('unauthenticated')
    expect(await codeOf(await makeToken({ header: { alg: 'ES256' }, key: foreign }))).toBe('unauthenticated')
  })

  it('is refused when it brings its own key, or an address to fetch one from', async () => {
    const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
    const jwk = await exportJWK(pair.publicKey)
    expect(await codeOf(await makeToken({ header: { jwk }, key: pair.privateKey }))).toBe('unauthenticated')
    expect(await codeOf(await makeToken({ header: { jwk } }))).toBe('unauthenticated')
    expect(await codeOf(await makeToken({ header: { jku: 'https://evil.test' } }))).toBe('unauthenticated')
    expect(await codeOf(await makeToken({ header: { x5u: 'https://evil.test' } }))).toBe('unauthenticated')
  })

  it('is refused when another key signed it or its text was changed', async () => {
    const { privateKey: other } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
    expect(await codeOf(await makeToken({ key: other }))).toBe('unauthenticated')
    const [header, , signature] = (await makeToken()).split('.')
    const payload = encode({ ...claims, sub: 'eve', iat: 1, exp: 9_999_999_999 })
    expect(await codeOf(`${header}.${payload}.${signature}`)).toBe('unauthenticated')
  })

  it.each([
    { aud: 'another' },
    { aud: undefined },
    { iss: 'https://evil.test' },
    { iss: undefined },
    { sub: undefined },
    { sid: undefined },
    { sid: 7 },
    { exp: undefined },
    { iat: undefined },
  ] as JWTPayload[])('is refused with the claims %j', async (wrong) => {
    expect(await codeOf(await makeToken({ claims: wrong }))).toBe('unauthenticated')
  })

  it('is refused when it is no token at all', async () => {
    for (const text of ['', '.', '..', 'abc', 'a.b.c', 'é.é.é', 'a'.repeat(100_000)]) {
      expect(await codeOf(text)).toBe('unauthenticated')
    }
  })

  it('with critical header fields nobody knows is refused', async () => {
    const [, payload, signature] = (await makeToken()).split('.')
    const header = encode({ alg: 'EdDSA', kid: 'key-1', crit: ['x'], x: 1 })
    expect(await codeOf(`${header}.${payload}.${signature}`)).toBe('unauthenticated')
  })
})

describe('keys', () => {
  beforeEach(() => verifier.start())

  it('are asked for again when a token names an unknown one, at most every 5 s', async () => {
    const key = await publishKey('key-2')
    const asked = auth.asked.keys
    const token = await makeToken({ header: { kid: 'key-2' }, key })
    expect(await Promise.all([codeOf(token), codeOf(token), codeOf(token)])).toEqual(['none', 'none', 'none'])
    for (let i = 0; i < 100; i++) {
      expect(await codeOf(await makeToken({ header: { kid: `made-up-${i}` } }))).toBe('unauthenticated')
    }
    expect(auth.asked.keys).toBe(asked + 1)
    clock.advance(5_000)
    await codeOf(await makeToken({ header: { kid: 'made-up' } }))
    expect(auth.asked.keys).toBe(asked + 2)
  })

  it('that auth no longer publishes stop counting within half a minute', async () => {
    const token = await makeToken()
    expect(await codeOf(token)).toBe('none')
    auth.published.length = 0
    await publishKey('key-2')
    for (let half = 0; half < 61; half++) {
      clock.advance(500)
      await settle()
    }
    expect(await codeOf(token)).toBe('unauthenticated')
  })

  it('are not asked for on the way of an ordinary token', async () => {
    const asked = { ...auth.asked }
    const token = await makeToken()
    for (let i = 0; i < 10; i++) await verifier.verify(token)
    expect(auth.asked).toEqual(asked)
  })
})

describe('revocations', () => {
  it('are all known before the start has ended', async () => {
    auth.revoke('laptop')
    await verifier.start()
    expect(await codeOf(await makeToken())).toBe('unauthenticated')
    expect(await codeOf(await makeToken({ claims: { sid: 'phone' } }))).toBe('none')
  })

  it('hold half a second later without the bus, for tokens already seen too, and are told once', async () => {
    await verifier.start()
    const told: Revocation[] = []
    verifier.onRevoked((revocation) => told.push(revocation))
    const token = await makeToken()
    expect(await codeOf(token)).toBe('none')
    auth.revoke('laptop')
    auth.revoke('ada', 'user')
    for (let half = 0; half < 3; half++) {
      clock.advance(500)
      await settle()
    }
    expect(await codeOf(token)).toBe('unauthenticated')
    expect(told.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual(['device laptop', 'user ada'])
  })

  it('hold at once when the bus tells of them', async () => {
    await verifier.start()
    const token = await makeToken()
    auth.revoke('laptop')
    bus.publish(REVOCATIONS_TOPIC, JSON.stringify(auth.feed[0]))
    await settle()
    expect(await codeOf(token)).toBe('unauthenticated')
  })

  it('are told to every handler, also when one fails, and to none that ended', async () => {
    await verifier.start()
    const told: string[] = []
    verifier.onRevoked(() => {
      throw new Error('broken')
    })
    verifier.onRevoked(({ subject }) => told.push(`first ${subject}`))
    const end = verifier.onRevoked(({ subject }) => told.push(`second ${subject}`))
    auth.revoke('laptop')
    clock.advance(500)
    await settle()
    end()
    auth.revoke('phone')
    clock.advance(500)
    await settle()
    expect(told).toEqual(['first laptop', 'second laptop', 'first phone'])
  })

  it('are followed when ids start again, as after a restored backup', async () => {
    for (let i = 0; i < 5; i++) auth.revoke(`old-${i}`)
    await verifier.start()
    auth.feed.length = 0
    // As the service answers a position beyond its newest id.
    const { revocations } = auth
    auth.revocations = ({ after }) => revocations({ after: after > auth.feed.length ? 0 : after })
    auth.revoke('laptop')
    clock.advance(500)
    await settle()
    auth.revoke('phone')
    clock.advance(500)
    await settle()
    expect(await codeOf(await makeToken())).toBe('unauthenticated')
    expect(await codeOf(await makeToken({ claims: { sid: 'phone' } }))).toBe('unauthenticated')
    expect(await codeOf(await makeToken({ claims: { sid: 'old-3' } }))).toBe('unauthenticated')
  })
})

describe('freshness', () => {
  it('is there from the start, lost 5 s after the last answer, and back with the next', async () => {
    expect(verifier.fresh).toBe(false)
    await verifier.start()
    expect(verifier.fresh).toBe(true)
    auth.state.down = true
    for (let half = 0; half < 10; half++) {
      clock.advance(500)
      await settle()
    }
    expect(verifier.fresh).toBe(true)
    clock.advance(1)
    expect(verifier.fresh).toBe(false)
    auth.revoke('laptop')
    auth.state.down = false
    clock.advance(500)
    await settle()
    expect(verifier.fresh).toBe(true)
    expect(await codeOf(await makeToken())).toBe('unauthenticated')
  })

  it('is never claimed when auth cannot be reached at the start', async () => {
    auth.state.down = true
    await expect(verifier.start()).rejects.toMatchObject({ code: 'unavailable' })
    expect(verifier.fresh).toBe(false)
  })

  it('ends all polling with close', async () => {
    await verifier.start()
    verifier.close()
    const asked = auth.asked.revocations
    bus.publish(REVOCATIONS_TOPIC, '{}')
    clock.advance(10_000)
    await settle()
    expect(auth.asked.revocations).toBe(asked)
    expect(clock.pending).toBe(0)
  })
})
