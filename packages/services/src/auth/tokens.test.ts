import { REVOCATIONS_TOPIC, type SignIn } from '@parley/contracts'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthKit,
  codeOf,
  createAuthKit,
  readFeed,
  TEST_ISSUER,
} from '../../../../tests/support/auth-kit.ts'
import { endDevices } from './end-devices.ts'
import { REFRESH_LIFETIME_MS } from './start-device.ts'

const DAY_MS = 86_400_000
let kit: AuthKit
beforeAll(async () => {
  kit = await createAuthKit()
})
afterAll(() => kit.close())

let count = 0
const newcomer = () => kit.register(`tokens${count++}`)
const refresh = (from: SignIn) => kit.auth.refresh({ refresh_token: from.refresh_token })
const revokedDevices = async () => (await readFeed(kit.auth)).map((revocation) => revocation.subject)

async function verify(token: string) {
  const { keys, issuer, audience } = await kit.auth.keys({})
  const set = createLocalJWKSet({ keys } as unknown as JSONWebKeySet)
  const options = { issuer, audience, algorithms: ['EdDSA'], currentDate: new Date(kit.clock.now()) }
  return (await jwtVerify(token, set, options)).payload
}

describe('an access token', () => {
  it('is signed with a published key and says who, which device, by whom, for whom and until when', async () => {
    const signIn = await newcomer()
    const now = Math.floor(kit.clock.now() / 1_000)
    expect(await verify(signIn.access_token)).toMatchObject({
      sub: signIn.user.id,
      sid: signIn.device,
      iss: TEST_ISSUER,
      aud: 'parley',
      iat: now,
      exp: now + 600,
    })
    const { alg, kid } = decodeProtectedHeader(signIn.access_token)
    expect(alg).toBe('EdDSA')
    expect((await kit.auth.keys({})).keys.map((key) => key.kid)).toContain(kid)
  })

  it('lives a day where the door asks for it, and so does the next one', async () => {
    const signIn = await kit.register('daylong', { lifetime: 'day' })
    const next = await refresh(signIn)
    for (const { access_token } of [signIn, next]) {
      const { iat = 0, exp = 0 } = decodeJwt(access_token)
      expect(exp - iat).toBe(86_400)
    }
  })

  it('is verified with keys that hold no private part', async () => {
    for (const key of (await kit.auth.keys({})).keys) {
      expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' })
      expect(key).not.toHaveProperty('d')
    }
  })
})

describe('key rotation', () => {
  it('publishes the new key a minute before it signs, and keeps the old one as long as its tokens live', async () => {
    const kidOf = (signIn: SignIn) => String(decodeProtectedHeader(signIn.access_token).kid)
    const published = async () => (await kit.auth.keys({})).keys.map((key) => String(key.kid))
    const old = kidOf(await kit.register('rotating', { lifetime: 'day' }))
    await kit.auth.rotateKeys()
    expect(await published()).toHaveLength(2)
    expect(kidOf(await kit.login('rotating'))).toBe(old)
    kit.clock.advance(60_000)
    const fresh = kidOf(await kit.login('rotating'))
    expect(fresh).not.toBe(old)
    kit.clock.advance(DAY_MS)
    expect(await published()).toEqual([old, fresh])
    kit.clock.advance(300_000)
    expect(await published()).toEqual([fresh])
  })

  it('happens by itself when the newest key is thirty days old, once for two processes', async () => {
    const other = await createAuthKit()
    const published = async () => (await other.auth.keys({})).keys.length
    await other.another().start()
    other.clock.advance(30 * DAY_MS - 1)
    await other.another().start()
    expect(await published()).toBe(1)
    other.clock.advance(1)
    await Promise.all([other.another().start(), other.another().start()])
    expect(await published()).toBe(2)
    await other.close()
  })

  it('after a leak leaves one new key that signs at once', async () => {
    const other = await createAuthKit()
    const kidOf = (signIn: SignIn) => String(decodeProtectedHeader(signIn.access_token).kid)
    const published = async () => (await other.auth.keys({})).keys.map((key) => String(key.kid))
    const leaked = kidOf(await other.register('leaking'))
    await other.auth.rotateKeys()
    await other.auth.replaceKeys()
    const fresh = kidOf(await other.login('leaking'))
    expect(fresh).not.toBe(leaked)
    expect(await published()).toEqual([fresh])
    await other.close()
  })

  it('makes one first key for two processes that start together', async () => {
    const other = await createAuthKit()
    await Promise.all([other.another().start(), other.another().start(), other.register('first')])
    expect((await other.auth.keys({})).keys).toHaveLength(1)
    await other.close()
  })
})

describe('refresh', () => {
  it('hands out a new pair for the same device and user', async () => {
    const first = await newcomer()
    const second = await refresh(first)
    expect(second.device).toBe(first.device)
    expect(second.user).toEqual(first.user)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(second.access_token).not.toBe(first.access_token)
    await refresh(second)
  })

  it('takes the predecessor for 30 s while its successor is unused: the answer was lost', async () => {
    const first = await newcomer()
    await refresh(first)
    kit.clock.advance(30_000)
    const again = await refresh(first)
    await refresh(again)
  })

  it('ends the session when the predecessor comes after 30 s', async () => {
    const first = await newcomer()
    const second = await refresh(first)
    kit.clock.advance(30_001)
    expect(await codeOf(refresh(first))).toBe('unauthenticated')
    expect(await codeOf(refresh(second))).toBe('unauthenticated')
    expect(await revokedDevices()).toContain(first.device)
  })

  it('counts the 30 s from the first use: repeating does not stretch them', async () => {
    const first = await newcomer()
    await refresh(first)
    kit.clock.advance(20_000)
    await refresh(first)
    kit.clock.advance(10_001)
    expect(await codeOf(refresh(first))).toBe('unauthenticated')
  })

  it('ends the session when the predecessor comes after its successor was used', async () => {
    const first = await newcomer()
    const third = await refresh(await refresh(first))
    expect(await codeOf(refresh(first))).toBe('unauthenticated')
    expect(await codeOf(refresh(third))).toBe('unauthenticated')
    expect(await revokedDevices()).toContain(first.device)
  })

  it('ends the session for a token from long ago', async () => {
    const first = await newcomer()
    let latest = first
    for (let i = 0; i < 5; i++) {
      kit.clock.advance(600_000)
      latest = await refresh(latest)
    }
    expect(await codeOf(refresh(first))).toBe('unauthenticated')
    expect(await codeOf(refresh(latest))).toBe('unauthenticated')
  })

  it('is possible until thirty days after the last use', async () => {
    const first = await newcomer()
    kit.clock.advance(REFRESH_LIFETIME_MS - 1)
    const second = await refresh(first)
    kit.clock.advance(REFRESH_LIFETIME_MS)
    expect(await codeOf(refresh(second))).toBe('unauthenticated')
  })
})

describe('two answers to one refresh token', () => {
  it.each([0, 1])('serve two tabs whichever answer the browser keeps (%i)', async (kept) => {
    const first = await newcomer()
    const answers = await Promise.all([refresh(first), refresh(first)])
    const cookie = answers[kept] ?? first
    kit.clock.advance(600_000)
    const next = await refresh(cookie)
    await refresh(next)
  })

  it('end the session when both are used: two hold the token', async () => {
    const first = await newcomer()
    const [mine, theirs] = await Promise.all([refresh(first), refresh(first)])
    const next = await refresh(theirs)
    expect(await codeOf(refresh(mine))).toBe('unauthenticated')
    expect(await codeOf(refresh(next))).toBe('unauthenticated')
  })

  it('can be eight; the oldest of nine gives way', async () => {
    const first = await newcomer()
    const answers = []
    for (let i = 0; i < 9; i++) answers.push(await refresh(first))
    expect(await codeOf(refresh(answers[0] ?? first))).toBe('unauthenticated')
  })
})

describe('a refresh token', () => {
  it('is refused when it is none, unknown, or of a session that was signed out', async () => {
    const me = await newcomer()
    for (const refresh_token of ['', 'x', 'a'.repeat(500), `${'a'.repeat(43)}.${'b'.repeat(43)}`]) {
      expect(await codeOf(kit.auth.refresh({ refresh_token }))).toBe('unauthenticated')
    }
    await kit.auth.logout({ user: me.user.id, device: me.device })
    expect(await codeOf(refresh(me))).toBe('unauthenticated')
  })

  it('is not stored, nor any part of it', async () => {
    const me = await newcomer()
    const { rows } = await kit.store.database.query<{ row: string }>(
      'select device::text as row from auth.device as device where id = $1',
      [me.device],
    )
    const [family = '', secret = ''] = me.refresh_token.split('.')
    expect(rows).toHaveLength(1)
    expect(rows[0]?.row).not.toContain(family)
    expect(rows[0]?.row).not.toContain(secret)
  })
})

describe('devices', () => {
  it('are listed with the current one marked, and end one by one', async () => {
    const me = await newcomer()
    kit.clock.advance(1_000)
    const other = await kit.login(me.user.username)
    const mine = { user: me.user.id, device: me.device }
    const list = async () => (await kit.auth.listDevices(mine)).devices
    expect((await list()).map(({ id, current }) => [id, current])).toEqual([
      [other.device, false],
      [me.device, true],
    ])
    await kit.auth.revokeDevice({ user: me.user.id, device: other.device })
    expect((await list()).map(({ id }) => id)).toEqual([me.device])
    expect(await revokedDevices()).toContain(other.device)
  })

  it('of somebody else cannot be ended', async () => {
    const [me, them] = [await newcomer(), await newcomer()]
    const foreign = { user: me.user.id, device: them.device }
    expect(await codeOf(kit.auth.revokeDevice(foreign))).toBe('not_found')
    await kit.auth.logout(foreign)
    await refresh(them)
  })
})

describe('the feed of revocations', () => {
  it('is announced after the commit, once, and repeating a logout adds nothing', async () => {
    const heard: string[] = []
    const stop = await kit.bus.subscribe(REVOCATIONS_TOPIC, (message) =>
      heard.push(JSON.parse(message).subject),
    )
    const me = await newcomer()
    await kit.auth.logout({ user: me.user.id, device: me.device })
    await kit.auth.logout({ user: me.user.id, device: me.device })
    await Promise.resolve()
    expect(heard).toEqual([me.device])
    expect((await revokedDevices()).filter((id) => id === me.device)).toHaveLength(1)
    stop()
  })

  it('shows what comes after a position, and everything to a position from a lost future', async () => {
    const me = await newcomer()
    const head = (await readFeed(kit.auth)).at(-1)?.id ?? 0
    await kit.auth.logout({ user: me.user.id, device: me.device })
    expect((await readFeed(kit.auth, head)).map(({ id, subject }) => [id, subject])).toEqual([
      [head + 1, me.device],
    ])
    expect(await readFeed(kit.auth, head + 1)).toEqual([])
    expect(await readFeed(kit.auth, head + 1_000)).toEqual(await readFeed(kit.auth, 0))
  })

  it('never shows an id before a smaller one: the second writer waits for the first', async () => {
    const [one, two] = [await newcomer(), await newcomer()]
    const { database } = kit.store
    const head = (await readFeed(kit.auth)).at(-1)?.id ?? 0
    let second: Promise<unknown> = Promise.resolve()
    let secondDone = false
    await database.transaction(async (transaction) => {
      await endDevices(transaction, kit.clock.now(), { account: one.user.id })
      second = kit.auth.logout({ user: two.user.id, device: two.device }).then(() => {
        secondDone = true
      })
      // Until the second one waits for a lock, or (were the ids from a sequence) has gone ahead.
      for (let waits = false; !waits && !secondDone; ) {
        const { rowCount } = await database.query('select 1 from pg_locks where not granted')
        waits = rowCount > 0
      }
      expect(secondDone).toBe(false)
      expect(await readFeed(kit.auth, head)).toEqual([])
    })
    await second
    expect((await readFeed(kit.auth, head)).map(({ id, subject }) => [id, subject])).toEqual([
      [head + 1, one.device],
      [head + 2, two.device],
    ])
  })

  it('loses none to a reader that follows it while forty sessions end at once', async () => {
    const other = kit.another()
    const signIns = await Promise.all(Array.from({ length: 40 }, newcomer))
    const seen = new Set<string>()
    let after = (await readFeed(kit.auth)).at(-1)?.id ?? 0
    let ending = true
    const work = Promise.all(
      signIns.map(({ user, device }, i) => (i % 2 ? other : kit.auth).logout({ user: user.id, device })),
    ).finally(() => {
      ending = false
    })
    for (let last = false; !last; ) {
      last = !ending
      for (const revocation of await readFeed(other, after)) {
        after = revocation.id
        seen.add(revocation.subject)
      }
    }
    await work
    expect(signIns.filter(({ device }) => !seen.has(device))).toEqual([])
  })
})

describe('a revocation', () => {
  it('is kept until the last token of its device has expired', async () => {
    const [short, day] = [await newcomer(), await kit.register('longlived', { lifetime: 'day' })]
    await kit.auth.logout({ user: short.user.id, device: short.device })
    await kit.auth.logout({ user: day.user.id, device: day.device })
    kit.clock.advance(600_000)
    expect(await revokedDevices()).toEqual(expect.arrayContaining([short.device, day.device]))
    kit.clock.advance(300_000)
    expect(await revokedDevices()).not.toContain(short.device)
    kit.clock.advance(DAY_MS - 900_000)
    expect(await revokedDevices()).toContain(day.device)
    kit.clock.advance(300_000)
    expect(await revokedDevices()).not.toContain(day.device)
  })

  it('is cleaned up by the upkeep of a started service, with the devices that ended', async () => {
    const me = await newcomer()
    await kit.auth.logout({ user: me.user.id, device: me.device })
    kit.clock.advance(3 * DAY_MS)
    const service = kit.another()
    await service.start()
    kit.clock.advance(0)
    await service.close()
    const { rows } = await kit.store.database.query<{ revocations: number; devices: number }>(
      `select (select count(*) from auth.revocation) as revocations,
         (select count(*) from auth.device where id = $1) as devices`,
      [me.device],
    )
    expect(rows).toEqual([{ revocations: 0, devices: 0 }])
  })
})
