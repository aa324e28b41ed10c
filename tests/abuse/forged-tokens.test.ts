import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import { ask, type Json, newAddress, newName, openRoom, type Person, signIn, signUp } from './lib/people.ts'
import { open } from './lib/sockets.ts'

const server = attackedServer()
let victim: Person
let mallory: Person
let roomName: string

beforeAll(async () => {
  victim = await signUp(server, 'victim')
  mallory = await signUp(server, 'mallory')
  roomName = newName('vault')
  await openRoom(victim, { name: roomName })
})

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Json

function partsOf(token: string): { header: Json; payload: Json; signature: string; signed: string } {
  const [header, payload, signature = ''] = token.split('.')
  return { header: decode(header), payload: decode(payload), signature, signed: `${header}.${payload}` }
}

const own = generateKeyPairSync('ed25519')
const ownJwk = own.publicKey.export({ format: 'jwk' }) as Json

function signed(header: Json, payload: Json, key: KeyObject = own.privateKey): string {
  const text = `${encode(header)}.${encode(payload)}`
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
}

/** No door takes this token. */
async function expectRefused(token: string, what: string): Promise<void> {
  // From an address of its own: so many wrong tokens are a flood, too.
  const address = newAddress()
  const answers = await Promise.all([
    ask(server, 'GET', '/users/me', { token, address }),
    ask(server, 'GET', '/stream?poll=1', { token, address }),
    ask(server, 'POST', '//api/room/create/', { token, address, body: { name: newName('forged') } }),
    ask(server, 'GET', '/users/me', { headers: { cookie: `parley_access=${token}` }, address }),
  ])
  for (const answer of answers) {
    expect(answer.status, what).toBe(401)
    expect(answer.text, what).not.toContain(victim.id)
  }
  for (const path of ['/ws', `/ws/${roomName}`]) {
    const wire = await open(server, { path, headers: { Authorization: `Bearer ${token}` } })
    expect([4001, 4004, 1008], what).toContain((await wire.closed).code)
    expect(wire.frames.some((frame) => frame.t === 'ready')).toBe(false)
  }
  const first = await open(server)
  first.send({ t: 'auth', token })
  expect([4001, 4004], what).toContain((await first.closed).code)
}

test('no token without a signature of ours is one, whatever its header says', async () => {
  const { header, payload, signature, signed: text } = partsOf(victim.token)
  for (const alg of ['none', 'None', 'NONE', '', undefined]) {
    await expectRefused(`${encode({ ...header, alg })}.${encode(payload)}.`, `alg ${alg}`)
    await expectRefused(`${encode({ ...header, alg })}.${encode(payload)}.${signature}`, `alg ${alg}, signed`)
  }
  await expectRefused(text, 'two parts')
  await expectRefused(`${text}.`, 'an empty signature')
  await expectRefused(`${text}.${'A'.repeat(86)}`, 'a signature of zeros')
  await expectRefused(`${text}.${signature}.x`, 'four parts')
})

test('the public key is no secret to sign with', async () => {
  const { header, payload } = partsOf(mallory.token)
  const { keys } = (await ask(server, 'GET', '//.well-known/jwks.json')).body as { keys: Json[] }
  expect(keys.flatMap((key) => ['d', 'k', 'p', 'q'].filter((secret) => secret in key))).toEqual([])
  const x = String(keys.find((key) => key.kid === header.kid)?.x)
  const claims = { ...payload, sub: victim.id }
  for (const secret of [x, Buffer.from(x, 'base64url'), JSON.stringify(keys[0])]) {
    for (const alg of ['HS256', 'HS512']) {
      const text = `${encode({ ...header, alg })}.${encode(claims)}`
      const mac = createHmac(alg === 'HS256' ? 'sha256' : 'sha512', secret)
        .update(text)
        .digest('base64url')
      await expectRefused(`${text}.${mac}`, alg)
    }
  }
})

test('a key that comes along with the token is not used', async () => {
  const { header, payload } = partsOf(victim.token)
  const headers: Json[] = [
    { ...header, jwk: ownJwk },
    { alg: 'EdDSA', jwk: ownJwk },
    { ...header, jku: `${server.url}/api/openapi.json` },
    { ...header, jku: 'http://127.0.0.1:1/keys' },
    { ...header, x5u: 'http://127.0.0.1:1/chain', x5c: ['MIIB'] },
    { ...header, kid: '../../../../dev/null' },
    { ...header, kid: "' or 1=1 --" },
    { ...header, kid: '__proto__' },
    { ...header, kid: 'toString' },
    { ...header, kid: ['a'] },
    { ...header, kid: undefined },
    { ...header, crit: ['exp'], exp: 1 },
    { ...header, b64: false, crit: ['b64'] },
    { ...header, zip: 'DEF' },
    header,
  ]
  for (const forged of headers) await expectRefused(signed(forged, payload), JSON.stringify(forged))
})

test('a claim that is changed breaks the signature', async () => {
  const { header, payload, signature } = partsOf(mallory.token)
  const now = Math.floor(Date.now() / 1_000)
  const changes: Json[] = [
    { sub: victim.id },
    { sid: partsOf(victim.token).payload.sid },
    { exp: now + 86_400 * 365 },
    { aud: 'other' },
    { iss: 'other' },
    { admin: true },
  ]
  for (const change of changes) {
    const text = `${encode(header)}.${encode({ ...payload, ...change })}`
    await expectRefused(`${text}.${signature}`, JSON.stringify(change))
  }
})

test('a token of a day or of ten minutes names one audience and one issuer, and ends', async () => {
  const { header, payload } = partsOf(victim.token)
  expect(header).toMatchObject({ alg: 'EdDSA' })
  expect(Object.keys(payload).sort()).toEqual(
    expect.arrayContaining(['aud', 'exp', 'iat', 'iss', 'sid', 'sub']),
  )
  expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(600)
})

test('neither kind of token serves as the other', async () => {
  await expectRefused(victim.refreshToken, 'a refresh token as an access token')
  for (const refresh of [victim.token, '', 'x', 'a'.repeat(500), `${victim.refreshToken}x`, '__proto__']) {
    const body = { refresh_token: refresh }
    const answer = await ask(server, 'POST', '/auth/refresh', { body, address: newAddress() })
    expect(answer.status, refresh.slice(0, 20)).toBe(401)
  }
  // Nothing of this counted as a second use of the genuine one.
  const body = { refresh_token: victim.refreshToken }
  expect((await ask(server, 'POST', '/auth/refresh', { body })).status).toBe(200)
})

test('stealing a refresh token ends the session for thief and owner alike, and no other', async () => {
  const stolen = await signIn(server, mallory)
  const refresh = (token: unknown) => ask(server, 'POST', '/auth/refresh', { body: { refresh_token: token } })
  const thief = (await refresh(stolen.refreshToken)).body
  const further = (await refresh(thief.refresh_token)).body
  expect((await refresh(stolen.refreshToken)).status).toBe(401)
  for (const token of [thief.refresh_token, further.refresh_token])
    expect((await refresh(token)).status).toBe(401)
  for (const token of [thief.access_token, further.access_token, stolen.token]) {
    expect((await ask(server, 'GET', '/users/me', { token: String(token) })).code).toBe('unauthenticated')
  }
  expect((await mallory.ask('GET', '/users/me')).status).toBe(200)
})

test('many refreshes at once leave one session', async () => {
  const tabs = await signIn(server, mallory)
  const body = { refresh_token: tabs.refreshToken }
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask(server, 'POST', '/auth/refresh', { body })),
  )
  const sessions = answers
    .filter((answer) => answer.status === 200)
    .map((answer) => partsOf(String(answer.body.access_token)).payload.sid)
  expect(new Set(sessions)).toEqual(new Set([partsOf(tabs.token).payload.sid]))
})

test('tokens in odd places and shapes are refused without a defect', async () => {
  const odd = [
    'Bearer',
    `Bearer ${victim.token} ${victim.token}`,
    `Bearer "${victim.token}"`,
    `Token ${victim.token}`,
    `Bearer ${victim.token.slice(0, -1)}`,
    `Bearer ${victim.token}=`,
    'Bearer ..',
    `Bearer ${'.'.repeat(1_000)}`,
    `Bearer ${encode({ alg: 'EdDSA', kid: 'x'.repeat(1_000) })}.${encode({})}.x`,
    `Bearer ${Buffer.from('[]').toString('base64url')}.${Buffer.from('null').toString('base64url')}.AA`,
  ]
  for (const authorization of odd) {
    const answer = await ask(server, 'GET', '/users/me', {
      headers: { authorization },
      address: newAddress(),
    })
    expect(answer.status, authorization.slice(0, 30)).toBe(401)
  }
  await assertUnhurt(server)
})
