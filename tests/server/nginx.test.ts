/** The shipped nginx configuration before the real program. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { errorCatalogue, JSON_BODY_MAX_BYTES } from '@parley/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type Answer, ask, type FrontDoor, makeCertificate, startFrontDoor } from '../support/front-door.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

const PASSWORD = 'correct horse battery'
const JSON_TYPE = { 'content-type': 'application/json' }

let server: TestServer
let door: FrontDoor
let token: string

beforeAll(async () => {
  server = await startTestServer({
    env: {
      PARLEY_WEB: 'on',
      PARLEY_RATE_LIMITS: 'on',
      PARLEY_TRUST_PROXY: 'loopback',
      PARLEY_METRICS_TOKEN: 'a-token-of-the-metrics-0001',
    },
  })
  door = await startFrontDoor({ http: [server.url], ws: [server.url] })
  token = await register('front_door_ann')
}, 240_000)

afterAll(async () => {
  await door?.stop()
  await server?.stop()
})

async function register(username: string): Promise<string> {
  const answer = await ask(`${door.url}/api/user/signup/`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ username, password: PASSWORD }),
  })
  expect([answer.status, answer.body]).toEqual([201, expect.any(String)])
  return (JSON.parse(answer.body) as { token: string }).token
}

function bearer(): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function expectError(answer: Answer, code: keyof typeof errorCatalogue): void {
  const { status, message } = errorCatalogue[code]
  expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/json; charset=utf-8'])
  const requestId = answer.headers['x-request-id']
  expect(JSON.parse(answer.body)).toEqual({ error: { code, message, request_id: requestId } })
  expect(answer.headers['cache-control']).toBe('no-store')
}

test('a socket is opened through it and says hello', async () => {
  const socket = new WebSocket(`${door.url.replace('http', 'ws')}/ws`, 'parley.v1')
  const [data] = await once(socket, 'message')
  expect(JSON.parse(String(data))).toMatchObject({ t: 'hello' })
  socket.close()
  await once(socket, 'close')
})

test('the doors of the seeds are opened through it, whatever the name of the room', async () => {
  for (const name of ['metrics', 'tea room'])
    await ask(`${door.url}/api/room/create/`, {
      method: 'POST',
      headers: { ...JSON_TYPE, ...bearer() },
      body: JSON.stringify({ name }),
    })
  for (const path of [
    '/ws/metrics',
    '/ws/tea%20room',
    '/ws/join/?name=tea%20room',
    '/ws/join-notification/',
  ]) {
    const socket = new WebSocket(`${door.url.replace('http', 'ws')}${path}`, { headers: bearer() })
    await once(socket, 'open')
    if (!path.includes('notification')) {
      socket.send(JSON.stringify({ type: 'message', content: path }))
      const [data] = await once(socket, 'message')
      expect(JSON.parse(String(data))).toMatchObject({ type: 'message', content: path })
    }
    socket.close()
    await once(socket, 'close')
  }
})

test('the stand-by link is not held back: hello and ready arrive while the stream is open, and frames are taken', async () => {
  const outgoing = get(`${door.url}/api/v1/stream`, { headers: { ...bearer(), 'accept-encoding': 'gzip' } })
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  expect(incoming.headers['content-encoding']).toBeUndefined()
  let text = ''
  for await (const chunk of incoming.setEncoding('utf8')) {
    text += chunk
    if (text.includes('"t":"ready"')) break
  }
  expect(text).toContain('"t":"hello"')
  const session = /"(?:session|connection)":"([^"]+)"/.exec(text)?.[1] ?? ''
  expect(session).not.toBe('')
  outgoing.destroy()
  // Taken or unknown by then: either way the delivery engine answered, in its own words.
  const frame = await ask(`${door.url}/api/v1/stream/${session}`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...bearer() },
    body: JSON.stringify({ t: 'rooms', id: 1 }),
  })
  expect([200, 404]).toContain(frame.status)
})

test('a forged X-Forwarded-For is not believed', async () => {
  const flood = Array.from({ length: 340 }, (_, i) =>
    ask(`${door.url}/api/v1/rooms`, {
      from: '127.0.0.9',
      headers: {
        'x-forwarded-for': `203.0.113.${i % 250}`,
        forwarded: `for=203.0.113.${i % 250}`,
        'x-real-ip': '203.0.113.7',
      },
    }),
  )
  const statuses = (await Promise.all(flood)).map((answer) => answer.status)
  expect(new Set(statuses)).toEqual(new Set([401, 429]))
  // The real address is: somebody else is not blamed.
  expect((await ask(`${door.url}/api/v1/rooms`, { from: '127.0.0.10' })).status).toBe(401)
})

test('metrics and internal paths are not reachable, in no spelling and with no token', async () => {
  const headers = { authorization: 'Bearer a-token-of-the-metrics-0001' }
  expect((await ask(`${server.url}/metrics`, { headers })).status).toBe(200)
  for (const path of [
    '/metrics',
    '/metrics/',
    '/metrics?a=b',
    '/%6detrics',
    '//metrics',
    '/a/../metrics',
    '/./metrics',
    '/%2e/metrics',
    '/metrics%2f',
    '/internal',
    '/internal/auth',
    '/rpc',
  ]) {
    const raw = await rawAnswer(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\nConnection: close\r\n\r\n`,
    )
    expect([path, raw.slice(0, 12)]).toEqual([path, 'HTTP/1.1 404'])
    expect(raw).not.toContain('parley_')
  }
  for (const path of ['/metrics', '/.front/too-large', '/.front/invalid-request'])
    expectError(await ask(`${door.url}${path}`, { headers }), 'not_found')
})

test('a body at the limit of the program reaches it, one past it is too_large', async () => {
  const post = (bytes: number) =>
    ask(`${door.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ login: 'x'.repeat(bytes - '{"login":""}'.length) }),
    })
  expect((await post(JSON_BODY_MAX_BYTES)).status).toBe(400)
  expectError(await post(JSON_BODY_MAX_BYTES + 1), 'too_large')
})

test('headers beyond every measure and what is not HTTP are refused in the catalogue’s words', async () => {
  expectError(
    await ask(`${door.url}/api/v1/rooms`, { headers: { 'x-long': 'x'.repeat(9_000) } }),
    'too_large',
  )
  expectError(await ask(`${door.url}/${'x'.repeat(9_000)}`), 'too_large')
  for (const garbage of [
    'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
    '\u0016\u0003\u0001\u0002\r\n\r\n',
    'G\r\n\r\n',
  ]) {
    const raw = await rawAnswer(garbage)
    expect(raw).toMatch(/^HTTP\/1\.1 400 /)
    expect(raw).toContain('"code":"invalid_request"')
  }
})

test('files of the web client keep their own caching, and text is compressed', async () => {
  const page = await ask(`${door.url}/`, { headers: { accept: 'text/html' } })
  expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-cache'])
  const asset = /\/assets\/first-[\w.-]+\.js/.exec(page.body)?.[0] ?? ''
  const plain = await ask(`${door.url}${asset}`)
  expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  const packed = await ask(`${door.url}${asset}`, { headers: { 'accept-encoding': 'gzip' } })
  expect([packed.headers['content-encoding'], packed.headers.vary?.toLowerCase()]).toEqual([
    'gzip',
    expect.stringContaining('accept-encoding'),
  ])
  expect(gunzipSync(Buffer.from(packed.body, 'latin1')).toString('latin1')).toBe(plain.body)
  // Asked again, a page that did not change is not sent again.
  const etag = String(page.headers.etag)
  expect(
    (await ask(`${door.url}/`, { headers: { accept: 'text/html', 'if-none-match': etag } })).status,
  ).toBe(304)
})

test('answers that carry tokens are not compressed', async () => {
  const answer = await ask(`${door.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { ...JSON_TYPE, 'accept-encoding': 'gzip' },
    body: JSON.stringify({ login: 'front_door_ann', password: PASSWORD }),
  })
  expect([answer.status, answer.headers['content-encoding']]).toEqual([200, undefined])
})

test('a request id is taken over when it is well formed and made otherwise', async () => {
  const idOf = async (given: string) =>
    (await ask(`${door.url}/healthz`, { headers: { 'x-request-id': given } })).headers['x-request-id']
  expect(await idOf('trace.1-2_3')).toBe('trace.1-2_3')
  expect(await idOf('<script>')).toMatch(/^[0-9a-f]{32}$/)
})

test('with a certificate it speaks TLS, and HTTP/2 to those who can', async () => {
  const tls = await makeCertificate(door.directory)
  const secure = await startFrontDoor({ http: [server.url], ws: [server.url], tls })
  try {
    const session = connectHttp2(secure.url, { rejectUnauthorized: false })
    const stream = session.request({ ':path': '/healthz' })
    const [headers] = await once(stream, 'response')
    expect([session.alpnProtocol, headers[':status']]).toEqual(['h2', 200])
    expect(headers.server).toBe('nginx')
    stream.resume()
    await once(stream, 'end')
    await new Promise<void>((resolve) => session.close(resolve))
    const socket = new WebSocket(`${secure.url.replace('https', 'wss')}/ws`, { rejectUnauthorized: false })
    const [data] = await once(socket, 'message')
    expect(JSON.parse(String(data))).toMatchObject({ t: 'hello' })
    socket.close()
    await once(socket, 'close')
  } finally {
    await secure.stop()
  }
})

function rawAnswer(text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let said = ''
  const socket = connect(Number(new URL(door.url).port), '127.0.0.1', () => socket.write(text))
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    said += chunk
  })
  socket.on('error', reject)
  socket.on('end', () => resolve(said))
  return promise
}

test('an upload passes through it whole, however large, and comes back by ranges', async () => {
  const bytes = Buffer.alloc(5_000_000, 'parley ')
  const form = new FormData()
  form.append('file', new Blob([bytes]), 'large.bin')
  const sent = await fetch(`${door.url}/api/v1/files`, { method: 'POST', headers: bearer(), body: form })
  expect(sent.status).toBe(201)
  const { file } = (await sent.json()) as { file: { id: string } }
  const whole = await fetch(`${door.url}/api/v1/files/${file.id}`, { headers: bearer() })
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
  const part = await fetch(`${door.url}/api/v1/files/${file.id}`, {
    headers: { ...bearer(), range: 'bytes=7-12' },
  })
  expect([part.status, await part.text()]).toEqual([206, 'parley'])
})
