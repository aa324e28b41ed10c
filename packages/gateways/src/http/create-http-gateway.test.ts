import { once } from 'node:events'
import { connect } from 'node:net'
import { JSON_BODY_MAX_BYTES, ParleyError } from '@parley/protocol'
import { expect, test, vi } from 'vitest'
import { fakeRooms } from './testing/fake-services.ts'
import { BEARER, codeOf, fieldsOf, startGateway } from './testing/start-gateway.ts'

const client_id = 'client-0001'

test('an error has the contract’s shape and nothing more', async () => {
  const { call } = await startGateway()
  const answer = await call('GET', '/api/v1/nothing')
  expect(answer.statusCode).toBe(404)
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(answer.json()).toEqual({
    error: { code: 'not_found', message: expect.any(String), request_id: answer.headers['x-request-id'] },
  })
})

test('what an error of a service carries reaches the client', async () => {
  const { call, rooms } = await startGateway()
  rooms.answer('getRoom', async () => {
    throw new ParleyError('conflict', { message: 'No.', details: { why: 'because' } })
  })
  const answer = await call('GET', '/api/v1/rooms/r-tea')
  expect(answer.statusCode).toBe(409)
  expect(answer.json().error).toMatchObject({ code: 'conflict', message: 'No.', details: { why: 'because' } })
})

test('retry-after is whole seconds and never less than one', async () => {
  const { call, rooms } = await startGateway()
  for (const [retryAfterMs, seconds] of [
    [1, '1'],
    [1_001, '2'],
    [undefined, '1'],
  ] as const) {
    rooms.answer('getRoom', async () => {
      throw new ParleyError('overloaded', retryAfterMs === undefined ? {} : { retryAfterMs })
    })
    const answer = await call('GET', '/api/v1/rooms/r-tea')
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, seconds])
  }
})

test('a defect is logged with the request and answered with unavailable, without its words', async () => {
  const { call, rooms, lines } = await startGateway()
  rooms.answer('getRoom', async () => {
    throw new TypeError('secret inner workings')
  })
  const answer = await call('GET', '/api/v1/rooms/r-tea')
  expect([answer.statusCode, codeOf(answer), answer.headers['retry-after']]).toEqual([
    503,
    'unavailable',
    '1',
  ])
  expect(answer.body).not.toContain('secret')
  const logged = lines.find((line) => line.level === 'error')
  expect(logged?.fields).toMatchObject({
    request_id: answer.headers['x-request-id'],
    err: expect.any(TypeError),
  })
})

test('an answer that breaks the contract is a defect, not an answer', async () => {
  const drifted = async () => JSON.parse('{"room":{"id":"r-tea","kind":"castle"}}')
  const { call, lines } = await startGateway({ rooms: { ...fakeRooms().service, getRoom: drifted } })
  const answer = await call('GET', '/api/v1/rooms/r-tea')
  expect([answer.statusCode, codeOf(answer)]).toEqual([503, 'unavailable'])
  expect(lines.map((line) => line.level)).toContain('error')
})

test('a request id is taken over when it is well formed and made otherwise', async () => {
  const { call } = await startGateway()
  const given = await call('GET', '/healthz', undefined, { 'x-request-id': 'trace.1-2_3' })
  expect(given.headers['x-request-id']).toBe('trace.1-2_3')
  for (const bad of ['a b', 'x'.repeat(65), '<script>', 'é']) {
    const answer = await call('GET', '/healthz', undefined, { 'x-request-id': bad })
    expect(answer.headers['x-request-id']).toMatch(/^[a-z0-9]{20}$/)
  }
})

test('services learn the id of the request', async () => {
  const { call, rooms } = await startGateway()
  await call('GET', '/api/v1/rooms', undefined, { ...BEARER, 'x-request-id': 'trace-1' })
  expect(rooms.calls[0]?.context).toEqual({ requestId: 'trace-1' })
})

test('every field that is wrong is named with a sentence', async () => {
  const { call } = await startGateway()
  const answer = await call('POST', '/api/v1/rooms', { kind: 'castle', name: 5, usernames: ['ok1', '?'] })
  expect([answer.statusCode, codeOf(answer)]).toEqual([400, 'invalid_request'])
  expect(fieldsOf(answer)).toEqual({
    kind: 'must be one of public, group, direct',
    name: 'must be of type string',
    'usernames.1': expect.stringContaining('must be 3 to 32'),
  })
  expect(fieldsOf(await call('POST', '/api/v1/rooms', {}))).toEqual({ kind: 'is missing' })
  expect(fieldsOf(await call('POST', '/api/v1/rooms', []))).toEqual({ body: expect.any(String) })
})

test('bounds of a list hold at the bound and one past it', async () => {
  const { call } = await startGateway()
  const statuses = async (query: string) => (await call('GET', `/api/v1/rooms?${query}`)).statusCode
  expect(await statuses('limit=1')).toBe(200)
  expect(await statuses('limit=200')).toBe(200)
  for (const bad of [
    'limit=0',
    'limit=201',
    'limit=1e1',
    'limit=',
    'limit=-1',
    'limit=5&limit=6',
    'cursor=%00',
  ]) {
    expect([bad, await statuses(bad)]).toEqual([bad, 400])
  }
})

test('a path that holds no legal id leads nowhere', async () => {
  const { call } = await startGateway()
  for (const path of [
    '/api/v1/rooms/a.b',
    `/api/v1/rooms/${'x'.repeat(41)}`,
    '/api/v1/rooms/r/messages/0',
    '/api/v1/rooms/r/messages/1.5',
    '/api/v1/rooms/r/messages/9007199254740992',
    '/api/v1/rooms/%00',
    '/api/v1/rooms/%F0%9F%91%8D',
    `/api/v1/rooms/${'x'.repeat(700)}`,
  ]) {
    const answer = await call('GET', path)
    expect([path, answer.statusCode, codeOf(answer)]).toEqual([path, 404, 'not_found'])
  }
})

test('a path that cannot be decoded is refused in the usual shape', async () => {
  const { call, lines } = await startGateway()
  const answer = await call('GET', '/api/v1/rooms/%zz')
  expect(lines[0]?.fields).toMatchObject({ route: 'unmatched', status: 400 })
  expect([answer.statusCode, codeOf(answer)]).toEqual([400, 'invalid_request'])
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(answer.json().error.request_id).toBe(answer.headers['x-request-id'])
})

test('what is not JSON is invalid_json', async () => {
  const { call } = await startGateway()
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  for (const body of [
    '{',
    '{"kind":"public",}',
    '{"a":1} x',
    `{"name":${deep}}`,
    '{"__proto__":{"x":1}}',
    '\u0000',
  ]) {
    const answer = await call('POST', '/api/v1/rooms', body)
    expect([body.slice(0, 30), answer.statusCode, codeOf(answer)]).toEqual([
      body.slice(0, 30),
      400,
      'invalid_json',
    ])
  }
})

test('JSON that is not UTF-8 is invalid_json', async () => {
  const { app } = await startGateway()
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/rooms',
    headers: { ...BEARER, 'content-type': 'application/json' },
    payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  })
  expect([answer.statusCode, codeOf(answer)]).toEqual([400, 'invalid_json'])
})

test('text that cannot be stored is refused by name, wherever it stands', async () => {
  const { call, rooms } = await startGateway()
  for (const broken of ['\\ud800', '\\udc00x', '\\u0000']) {
    const answer = await call(
      'POST',
      '/api/v1/rooms/r/messages',
      `{"client_id":"${client_id}","body":"${broken}"}`,
    )
    expect([broken, answer.statusCode, codeOf(answer)]).toEqual([broken, 400, 'invalid_request'])
    expect(fieldsOf(answer)).toHaveProperty('body')
  }
  expect(rooms.calls).toEqual([])
})

test('a body of 65,536 bytes passes and one byte more is too_large', async () => {
  const { call } = await startGateway()
  const start = `{"client_id":"${client_id}","body":"hi","note":"`
  const fill = (bytes: number) => `${start}${'x'.repeat(bytes - start.length - 2)}"}`
  expect((await call('POST', '/api/v1/rooms/r/messages', fill(JSON_BODY_MAX_BYTES))).statusCode).toBe(201)
  const answer = await call('POST', '/api/v1/rooms/r/messages', fill(JSON_BODY_MAX_BYTES + 1))
  expect([answer.statusCode, codeOf(answer)]).toEqual([413, 'too_large'])
})

test('unknown fields are ignored', async () => {
  const { call } = await startGateway()
  const body = { client_id, body: 'hi', colour: 'red' }
  expect((await call('POST', '/api/v1/rooms/r/messages', body)).statusCode).toBe(201)
})

test('a JSON route takes application/json only', async () => {
  const { call } = await startGateway()
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'x',
    'application/xml',
  ]) {
    const answer = await call('POST', '/api/v1/rooms', '{"kind":"public"}', {
      ...BEARER,
      'content-type': type,
    })
    expect([type, answer.statusCode, codeOf(answer)]).toEqual([type, 415, 'unsupported_media_type'])
  }
  const charset = { ...BEARER, 'content-type': 'Application/JSON; charset=UTF-8' }
  expect((await call('POST', '/api/v1/rooms', '{"kind":"public","name":"a"}', charset)).statusCode).toBe(201)
})

test('a JSON body without a content type is refused', async () => {
  const { app } = await startGateway()
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/rooms',
    headers: BEARER,
    payload: Buffer.from('{"kind":"public","name":"a"}'),
  })
  expect([answer.statusCode, codeOf(answer)]).toEqual([415, 'unsupported_media_type'])
})

test('a call without a body needs no content type and minds none', async () => {
  const { call, app } = await startGateway()
  expect((await call('POST', '/api/v1/rooms/r/join')).statusCode).toBe(200)
  for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
    const answer = await app.inject({
      method: 'POST',
      url: '/api/v1/rooms/r/join',
      headers: { ...BEARER, 'content-type': type, 'content-length': '0' },
    })
    expect([type, answer.statusCode]).toEqual([type, 200])
  }
  const empty = await app.inject({
    method: 'POST',
    url: '/api/v1/rooms',
    headers: { ...BEARER, 'content-type': 'application/json', 'content-length': '0' },
  })
  expect([empty.statusCode, codeOf(empty)]).toEqual([400, 'invalid_json'])
})

test('every answer carries the headers that keep a browser safe', async () => {
  const { call } = await startGateway()
  for (const path of [
    '/api/v1/rooms',
    '/api/v1/nothing',
    '/nothing',
    '/healthz',
    '/api/docs/',
    '/api/v1/rooms/%zz',
  ]) {
    const { headers } = await call('GET', path)
    expect([path, headers]).toEqual([
      path,
      expect.objectContaining({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'permissions-policy': expect.stringContaining(
          'camera=(self), microphone=(self), display-capture=(self)',
        ),
        'strict-transport-security': 'max-age=31536000',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      }),
    ])
    expect(headers['content-security-policy']).not.toContain('unsafe')
  }
})

test('transport security is promised only where there is HTTPS', async () => {
  const { call } = await startGateway({ secureCookies: false })
  expect((await call('GET', '/healthz')).headers).not.toHaveProperty('strict-transport-security')
})

test('answers of the API are never stored', async () => {
  const { call } = await startGateway()
  for (const path of ['/api/v1/rooms', '/api/v1/nothing', '/api/openapi.json']) {
    expect((await call('GET', path)).headers['cache-control']).toBe('no-store')
  }
})

test('while draining every answer asks to connect elsewhere', async () => {
  let ready: boolean | { ready: boolean; reason?: string } = true
  const { call } = await startGateway({ ready: () => ready })
  expect((await call('GET', '/api/v1/rooms')).headers.connection).not.toBe('close')
  ready = { ready: false, reason: 'starting' }
  expect((await call('GET', '/api/v1/rooms')).headers.connection).not.toBe('close')
  ready = { ready: false, reason: 'draining' }
  expect((await call('GET', '/api/v1/rooms')).headers.connection).toBe('close')
})

test('closing lets a request in flight finish and hangs up after it', async () => {
  const { app, rooms } = await startGateway()
  const entered = Promise.withResolvers<void>()
  const leave = Promise.withResolvers<void>()
  rooms.answer('listRooms', async () => {
    entered.resolve()
    await leave.promise
    return { rooms: [] }
  })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const answer = fetch(`${address}/api/v1/rooms`, { headers: BEARER })
  await entered.promise
  const closed = app.close()
  await vi.waitFor(() => expect(app.server.listening).toBe(false))
  leave.resolve()
  const { status, headers } = await answer
  expect([status, headers.get('connection')]).toEqual([200, 'close'])
  await closed
})

test('what is not HTTP gets the usual shape and is hung up on', async () => {
  const { app } = await startGateway()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  for (const [bytes, status] of [
    ['NONSENSE\r\n\r\n', '400'],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '413'],
  ] as const) {
    const socket = connect(address.port, '127.0.0.1')
    socket.end(bytes)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    await once(socket, 'close')
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      error: { request_id: expect.any(String) },
    })
  }
})

test('a log line names the route and the user, and nothing anybody wrote', async () => {
  const { call, lines } = await startGateway()
  await call('GET', '/api/v1/search?query=diary')
  await call('POST', '/api/v1/auth/login', { login: 'ann', password: 'hunter-two-hunter' })
  await call('PUT', '/api/v1/rooms/r-private/messages/1/reactions/%F0%9F%91%8D')
  expect(lines.map((line) => line.fields.route)).toEqual([
    '/api/v1/search',
    '/api/v1/auth/login',
    '/api/v1/rooms/:id/messages/:seq/reactions/:emoji',
  ])
  expect(lines[0]?.fields).toMatchObject({
    method: 'GET',
    status: 200,
    user: 'u-ann',
    duration_ms: expect.any(Number),
  })
  expect(JSON.stringify(lines)).not.toMatch(/diary|hunter|r-private|good|refresh-of/)
})
