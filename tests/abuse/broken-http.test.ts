import { expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import { ask } from './lib/people.ts'
import { openDescriptors } from './lib/process.ts'
import { openRaw, type Raw, upgradeRequest } from './lib/raw-socket.ts'

const server = attackedServer()

const statusOf = (bytes: Buffer) => Number(bytes.toString('latin1', 9, 12))

async function answerTo(text: string | Buffer): Promise<Buffer> {
  const raw = await openRaw(server, { firstBytes: text })
  try {
    return await raw.ended()
  } finally {
    raw.destroy()
  }
}

/** Sends the bytes and resets the connection, at once or when an answer begins. */
function resetAfter(text: string, when: 'at once' | 'when answered'): Promise<void> {
  return openRaw(server, { firstBytes: text }).then(
    ({ socket }) =>
      new Promise((resolve) => {
        socket.once('close', () => resolve())
        if (when === 'at once') setImmediate(() => socket.resetAndDestroy())
        else socket.once('data', () => socket.resetAndDestroy())
      }),
  )
}

test('an upgrade that is refused and reset does not end the program', async () => {
  const attempts = [
    upgradeRequest('/nope'),
    upgradeRequest('/ws', { Cookie: 'parley_access=x', Origin: 'https://evil.example' }),
    upgradeRequest('/ws', { 'Sec-WebSocket-Key': 'short' }),
    upgradeRequest('/healthz', { Upgrade: 'h2c' }),
    upgradeRequest('/ws'),
    upgradeRequest('/ws/nowhere'),
    upgradeRequest('/ws/join-notification/', { Authorization: 'Bearer x' }),
    upgradeRequest('/ws/nowhere', { 'Sec-WebSocket-Key': 'short' }),
  ]
  for (let turn = 0; turn < 30; turn++) {
    for (const attempt of attempts) {
      await resetAfter(attempt, 'at once')
      await resetAfter(attempt, 'when answered')
    }
  }
  await assertUnhurt(server)
})

test('who was refused cannot keep the connection by not hanging up', async () => {
  const before = openDescriptors(server.pid)
  const held: Raw[] = []
  for (let turn = 0; turn < 60; turn++) {
    for (const firstBytes of ['NOT HTTP\r\n\r\n', upgradeRequest('/nope')])
      held.push(await openRaw(server, { allowHalfOpen: true, firstBytes }))
  }
  await Promise.all(held.map((raw) => raw.ended()))
  // The last of them may be on its way; each request that is answered gives the server a turn to let go.
  await expect
    .poll(() => ask(server, 'GET', '//healthz').then(() => openDescriptors(server.pid)), { timeout: 5_000 })
    .toBeLessThan(before + 20)
  for (const raw of held) raw.destroy()
})

test('no header makes the server think for long', async () => {
  const headers = [
    `Authorization: bearer${' '.repeat(15_000)}x y`,
    `Authorization: Bearer ${'a.'.repeat(7_000)}`,
    `Cookie: ${'parley_access=;'.repeat(1_000)}`,
    `Cookie: ${';'.repeat(15_000)}`,
    `Accept: ${'text/html,'.repeat(1_500)}`,
    `Content-Type: application/json;${' '.repeat(15_000)}x`,
    `X-Forwarded-For: ${'1,'.repeat(7_500)}1`,
  ]
  for (const header of headers) {
    const startedAt = performance.now()
    await answerTo(`GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}\r\n\r\n`)
    await answerTo(
      `POST /api/v1/auth/logout HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}\r\nContent-Length: 0\r\n\r\n`,
    )
    expect(performance.now() - startedAt, header.slice(0, 40)).toBeLessThan(1_500)
  }
})

test('headers beyond the bound are refused, and the connection with them', async () => {
  const long = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`
  const many = `GET /healthz HTTP/1.1\r\nHost: x\r\n${'X-Many: 1\r\n'.repeat(5_000)}\r\n`
  for (const attempt of [long, many]) expect(statusOf(await answerTo(attempt))).toBe(413)
})

const PROTECTED = 'GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n\r\n'
const smuggled = [
  [
    'a length and chunks at once',
    `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${PROTECTED}`,
  ],
  ['two lengths', `Content-Length: 0\r\nContent-Length: ${PROTECTED.length}\r\n\r\n${PROTECTED}`],
  ['an obscured encoding', `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${PROTECTED}`],
  ['a blank before the colon', `Content-Length : ${PROTECTED.length}\r\n\r\n${PROTECTED}`],
  ['a negative length', `Content-Length: -1\r\n\r\n${PROTECTED}`],
  ['a length with a sign', `Content-Length: +0\r\n\r\n${PROTECTED}`],
  ['a folded header', `X: a\r\n Content-Length: 3\r\nContent-Length: 0\r\n\r\n`],
  ['bare line feeds', `Content-Length: 0\n\n${PROTECTED}`],
  ['a chunk of impossible size', `Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`],
  ['NUL in a header', `X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n`],
] as const

test.each(smuggled)('no second request hides behind %s', async (_what, tail) => {
  const head = 'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
  const answer = (await answerTo(`${head}${tail}`)).toString('latin1')
  expect(statusOf(Buffer.from(answer))).toBe(400)
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
})

test('pipelined requests are answered in order, each by its own rights', async () => {
  const raw = await openRaw(server)
  raw.write(
    'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50) +
      PROTECTED +
      'GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  const statuses = (await raw.ended()).toString('latin1').match(/HTTP\/1\.1 \d{3}/g)
  expect(statuses?.map((line) => line.slice(9))).toEqual([...Array(50).fill('200'), '401', '404'])
})

test.each([
  '/api/docs/../../../../etc/passwd',
  '/api/docs/static/..%2f..%2f..%2f..%2fpackage.json',
  '/api/docs/static/%2e%2e/%2e%2e/package.json',
  '/api/docs/static/....//....//package.json',
  '/api/docs/static/..\\..\\..\\package.json',
  '/api/docs/static/%00',
  '/%2e%2e/%2e%2e/etc/passwd',
  '//etc/passwd',
  '/..;/etc/passwd',
  '/assets/%c0%ae%c0%ae/package.json',
  'file:///etc/passwd',
])('%s leads nowhere', async (path) => {
  const answer = await answerTo(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  expect([400, 404]).toContain(statusOf(answer))
  expect(answer.toString('latin1')).not.toMatch(/root:|"workspaces"|"dependencies"/)
})

test('methods nobody offers do nothing', async () => {
  for (const method of ['TRACE', 'PROPFIND', 'PURGE', 'OPTIONS']) {
    const answer = await answerTo(
      `${method} /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    expect(statusOf(answer), method).toBe(404)
  }
  const tunnel = await answerTo('CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(tunnel.toString('latin1')).not.toContain('200')
  await assertUnhurt(server)
})
