import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { ann } from '../testing/fake-services.ts'
import { BEARER, COOKIE, codeOf, fieldsOf, ORIGIN, startGateway } from '../testing/start-gateway.ts'

const account = { username: 'Ann', password: 'correct horse', email: 'Ann@Example.org' }

test('registering answers 201 with tokens and cookies no script can read', async () => {
  const { call, auth } = await startGateway()
  const answer = await call('POST', '/api/v1/auth/register', account, {
    'user-agent': 'Tést/1.0',
    'accept-language': 'fr, en;q=0.5, vi-VN;q=0.8',
  })
  expect(answer.statusCode).toBe(201)
  expect(answer.json()).toEqual({
    user: ann,
    access_token: 'access.of.ann',
    expires_in: 600,
    refresh_token: 'refresh-of-ann',
  })
  expect(answer.cookies).toEqual([
    expect.objectContaining({
      name: 'parley_access',
      value: 'access.of.ann',
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
    }),
    expect.objectContaining({
      name: 'parley_refresh',
      value: 'refresh-of-ann',
      path: '/api/v1/auth',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
    }),
  ])
  expect(auth.calls[0]?.input).toEqual({
    username: 'ann',
    password: 'correct horse',
    email: 'ann@example.org',
    locale: 'vi',
    lifetime: 'short',
    device_name: expect.stringMatching(/^[\x20-\x7e]+$/),
    address: '127.0.0.1',
  })
})

test('a browser never sees the refresh token in a body', async () => {
  const { call } = await startGateway()
  for (const path of ['register', 'login', 'refresh']) {
    const headers = { origin: ORIGIN, cookie: 'parley_refresh=r' }
    const body = path === 'refresh' ? {} : { ...account, login: 'ann' }
    const answer = await call('POST', `/api/v1/auth/${path}`, body, headers)
    expect([path, answer.json().access_token, answer.json().refresh_token]).toEqual([
      path,
      'access.of.ann',
      undefined,
    ])
    expect(answer.cookies).toHaveLength(2)
  }
})

test('cookies are not marked secure where there is no HTTPS', async () => {
  const { call } = await startGateway({ secureCookies: false })
  const answer = await call('POST', '/api/v1/auth/register', account, {})
  expect(answer.headers['set-cookie']).not.toContain('Secure')
  expect(answer.cookies.every((cookie) => cookie.secure !== true && cookie.httpOnly === true)).toBe(true)
})

test('one may sign in by login, username or email', async () => {
  const { call, auth } = await startGateway()
  for (const name of ['login', 'username', 'email']) {
    const answer = await call('POST', '/api/v1/auth/login', { [name]: 'ann', password: 'secret' }, {})
    expect([name, answer.statusCode]).toEqual([name, 200])
  }
  expect(auth.calls.map((call) => call.input)).toEqual(
    Array(3).fill(expect.objectContaining({ login: 'ann', lifetime: 'short' })),
  )
  const nobody = await call('POST', '/api/v1/auth/login', { password: 'secret' }, {})
  expect([nobody.statusCode, Object.keys(fieldsOf(nobody))]).toEqual([400, ['login']])
})

test('the throttle of the auth service reaches the client with its time', async () => {
  const { call, auth } = await startGateway()
  auth.answer('login', async () => {
    throw new ParleyError('rate_limited', { retryAfterMs: 30_000 })
  })
  const answer = await call('POST', '/api/v1/auth/login', { login: 'ann', password: 'x' }, {})
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '30'])
})

test('refreshing takes the token from the body or the cookie', async () => {
  const { call, auth } = await startGateway()
  expect((await call('POST', '/api/v1/auth/refresh', { refresh_token: 'one' }, {})).statusCode).toBe(200)
  const cookie = { cookie: 'parley_refresh=two', origin: ORIGIN }
  expect((await call('POST', '/api/v1/auth/refresh', undefined, cookie)).statusCode).toBe(200)
  expect(auth.calls.map((call) => call.input)).toEqual([{ refresh_token: 'one' }, { refresh_token: 'two' }])
})

test('refreshing by cookie needs an origin', async () => {
  const { call, auth } = await startGateway()
  const answer = await call('POST', '/api/v1/auth/refresh', undefined, { cookie: 'parley_refresh=two' })
  expect([answer.statusCode, codeOf(answer)]).toEqual([403, 'bad_origin'])
  expect(auth.calls).toEqual([])
})

test('refreshing without a token is refused', async () => {
  const { call } = await startGateway()
  for (const headers of [{}, { cookie: 'parley_refresh=', origin: ORIGIN }]) {
    const answer = await call('POST', '/api/v1/auth/refresh', undefined, headers)
    expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'unauthenticated'])
  }
})

test('cookies that no longer refresh are taken back, those of a service that is away are not', async () => {
  const { call, auth } = await startGateway()
  const headers = { cookie: 'parley_refresh=used', origin: ORIGIN }
  for (const [code, cleared] of [
    ['unauthenticated', 2],
    ['unavailable', 0],
  ] as const) {
    auth.answer('refresh', async () => {
      throw new ParleyError(code)
    })
    const answer = await call('POST', '/api/v1/auth/refresh', undefined, headers)
    expect([code, codeOf(answer), answer.cookies.filter((cookie) => cookie.value === '')]).toEqual([
      code,
      code,
      Array(cleared).fill(expect.objectContaining({ maxAge: 0 })),
    ])
  }
})

test('logging out ends the device session and clears the cookies', async () => {
  const { call, auth } = await startGateway()
  const answer = await call('POST', '/api/v1/auth/logout', undefined, { ...COOKIE, origin: ORIGIN })
  expect([answer.statusCode, answer.body]).toEqual([204, ''])
  expect(answer.cookies.map((cookie) => [cookie.name, cookie.value, cookie.maxAge])).toEqual([
    ['parley_access', '', 0],
    ['parley_refresh', '', 0],
  ])
  expect(auth.calls).toEqual([
    { verb: 'logout', input: { user: ann.id, device: 'd-1' }, context: expect.anything() },
  ])
})

test('logging out of a session that is over still clears the cookies, unless a foreign page asks', async () => {
  const { call } = await startGateway()
  const own = await call('POST', '/api/v1/auth/logout', undefined, {
    cookie: 'parley_access=old',
    origin: ORIGIN,
  })
  expect([own.statusCode, own.cookies.length]).toEqual([401, 2])
  const foreign = await call('POST', '/api/v1/auth/logout', undefined, { origin: 'https://evil.example' })
  expect([foreign.statusCode, foreign.cookies.length]).toEqual([403, 0])
})

test('changing the password says who, where from and both passwords', async () => {
  const { call, auth } = await startGateway()
  const answer = await call('POST', '/api/v1/auth/password', { current: 'old one', next: 'a better one' })
  expect(answer.statusCode).toBe(204)
  expect(auth.calls[0]?.input).toEqual({
    user: ann.id,
    device: 'd-1',
    current: 'old one',
    next: 'a better one',
    address: '127.0.0.1',
  })
})

test('devices are listed and revoked; revoking this one clears its cookies', async () => {
  const { call, auth } = await startGateway()
  expect((await call('GET', '/api/v1/auth/devices')).json().devices[0]).toMatchObject({
    id: 'd-1',
    current: true,
  })
  const other = await call('DELETE', '/api/v1/auth/devices/d-2')
  expect([other.statusCode, other.cookies]).toEqual([204, []])
  expect((await call('DELETE', '/api/v1/auth/devices/d-1')).cookies).toHaveLength(2)
  expect(auth.calls[1]?.input).toEqual({ user: ann.id, device: 'd-2' })
})

test('anyone may fetch the keys, at both addresses, and nothing but keys', async () => {
  const { call } = await startGateway()
  for (const path of ['/api/v1/auth/keys', '/.well-known/jwks.json']) {
    const answer = await call('GET', path, undefined, {})
    expect([path, answer.json()]).toEqual([path, { keys: [{ kty: 'OKP', kid: 'k1' }] }])
  }
})

test('a password is refused at the bounds the contract names', async () => {
  const { call } = await startGateway()
  const status = async (password: string) =>
    (await call('POST', '/api/v1/auth/register', { ...account, password }, BEARER)).statusCode
  expect(await status('x'.repeat(7))).toBe(400)
  expect(await status('x'.repeat(8))).toBe(201)
  expect(await status('x'.repeat(128))).toBe(201)
  expect(await status('x'.repeat(129))).toBe(400)
})
