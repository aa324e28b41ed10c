import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { BEARER, COOKIE, codeOf, fakeRates, ORIGIN, startGateway } from './testing/start-gateway.ts'

const FOREIGN = 'https://evil.example'
const room = { kind: 'public', name: 'Tea' }
const credentials = { login: 'ann', password: 'correct horse' }

test('without credentials nothing is reached and nothing parsed', async () => {
  const { call, rooms } = await startGateway()
  const answer = await call('POST', '/api/v1/rooms', '{', {})
  expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'unauthenticated'])
  expect(answer.headers['www-authenticate']).toBe('Bearer')
  expect(rooms.calls).toEqual([])
})

test('an expired token is told apart from a wrong one', async () => {
  const { call } = await startGateway()
  const code = async (headers: Record<string, string>) =>
    codeOf(await call('GET', '/api/v1/users/me', undefined, headers))
  expect(await code({ authorization: 'Bearer old' })).toBe('token_expired')
  expect(await code({ authorization: 'Bearer bad' })).toBe('unauthenticated')
  expect(await code({ authorization: 'Basic Z29vZA==' })).toBe('unauthenticated')
  expect(await code({ cookie: 'parley_access=old' })).toBe('token_expired')
})

test('while revocations cannot be known nobody is let in', async () => {
  const { call, verifier } = await startGateway()
  verifier.fresh = false
  const answer = await call('GET', '/api/v1/users/me')
  expect([answer.statusCode, codeOf(answer)]).toEqual([503, 'unavailable'])
  expect((await call('POST', '/api/v1/auth/login', credentials, {})).statusCode).toBe(200)
})

test('with the cookie a change needs an origin that is exactly allowed', async () => {
  const { call, rooms } = await startGateway()
  const refused = [
    {},
    { origin: FOREIGN },
    { origin: 'null' },
    { origin: `${ORIGIN}:444` },
    { origin: `${ORIGIN}.evil.example` },
  ]
  for (const headers of refused) {
    const answer = await call('POST', '/api/v1/rooms', room, { ...COOKIE, ...headers })
    expect([headers, answer.statusCode, codeOf(answer)]).toEqual([headers, 403, 'bad_origin'])
  }
  expect(rooms.calls).toEqual([])
  expect((await call('POST', '/api/v1/rooms', room, { ...COOKIE, origin: ORIGIN })).statusCode).toBe(201)
})

test('with the cookie reading needs no origin', async () => {
  const { call } = await startGateway()
  expect((await call('GET', '/api/v1/rooms', undefined, COOKIE)).statusCode).toBe(200)
  expect((await call('HEAD', '/api/v1/rooms', undefined, COOKIE)).statusCode).toBe(200)
})

test('a Bearer token speaks for itself, whatever the origin', async () => {
  const { call } = await startGateway()
  const answer = await call('POST', '/api/v1/rooms', room, { ...BEARER, ...COOKIE, origin: FOREIGN })
  expect(answer.statusCode).toBe(201)
})

test('no foreign page signs anybody in', async () => {
  const { call, auth } = await startGateway()
  for (const path of ['register', 'login', 'refresh']) {
    const answer = await call(
      'POST',
      `/api/v1/auth/${path}`,
      { ...credentials, refresh_token: 'x' },
      { origin: FOREIGN },
    )
    expect([path, answer.statusCode, codeOf(answer)]).toEqual([path, 403, 'bad_origin'])
  }
  expect(auth.calls).toEqual([])
})

test('reads, changes and searches of one person count separately, by user', async () => {
  const { rates, taken } = fakeRates()
  const { call } = await startGateway({ rates })
  await call('GET', '/api/v1/rooms')
  await call('POST', '/api/v1/rooms', room)
  await call('GET', '/api/v1/search?query=tea')
  expect(taken).toEqual(['http:read u-ann', 'http:write u-ann', 'http:search u-ann'])
})

test('strangers count by address, refused tokens included', async () => {
  const { rates, taken } = fakeRates()
  const { call } = await startGateway({ rates })
  await call('POST', '/api/v1/auth/login', credentials, {})
  await call('GET', '/api/v1/rooms', undefined, { authorization: 'Bearer bad' })
  expect(taken).toEqual(['http:open 127.0.0.1', 'http:open 127.0.0.1'])
})

test('too many requests are told when to come back', async () => {
  const { rates } = fakeRates(() => 2_500)
  const { call, rooms } = await startGateway({ rates })
  const answer = await call('GET', '/api/v1/rooms')
  expect([answer.statusCode, codeOf(answer), answer.headers['retry-after']]).toEqual([
    429,
    'rate_limited',
    '3',
  ])
  expect(rooms.calls).toEqual([])
})

test('a limiter that is away does not take the service with it', async () => {
  const rates = { take: () => Promise.reject(new ParleyError('unavailable')) }
  const { call, lines } = await startGateway({ rates })
  expect((await call('GET', '/api/v1/rooms')).statusCode).toBe(200)
  expect(lines.map((line) => line.level)).toContain('warn')
})

test('a forwarded address counts only where a proxy is trusted', async () => {
  for (const [trustProxy, key] of [
    [false, 'http:open 127.0.0.1'],
    [true, 'http:open 203.0.113.7'],
    ['127.0.0.1', 'http:open 203.0.113.7'],
    ['10.0.0.0/8', 'http:open 127.0.0.1'],
  ] as const) {
    const { rates, taken } = fakeRates()
    const { call, auth } = await startGateway({ rates, trustProxy })
    await call('POST', '/api/v1/auth/login', credentials, { 'x-forwarded-for': '203.0.113.7' })
    expect([trustProxy, ...taken]).toEqual([trustProxy, key])
    expect(auth.calls[0]?.input).toMatchObject({ address: key.slice('http:open '.length) })
  }
})
