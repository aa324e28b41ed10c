import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { codeOf, startGateway } from './testing/start-gateway.ts'

const PAGE = { accept: 'text/html,application/xhtml+xml' }
const INDEX = '<!doctype html><title>Parley</title>'
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(200))})`

async function startWithClient(files: Record<string, string | Buffer> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'parley-web-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const all = {
    'index.html': INDEX,
    'assets/app-1a2b.js': SCRIPT,
    'assets/app-1a2b.js.br': brotliCompressSync(SCRIPT),
    'assets/app-1a2b.js.gz': gzipSync(SCRIPT),
    'manifest.webmanifest': '{}',
    '.env': 'SECRET=1',
    ...files,
  }
  for (const [name, content] of Object.entries(all)) {
    const path = join(directory, 'dist', name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  await writeFile(join(directory, 'outside.txt'), 'outside')
  const gateway = await startGateway({ webDirectory: join(directory, 'dist') })
  const get = (url: string, headers: Record<string, string> = {}) =>
    gateway.call('GET', url, undefined, headers)
  return { ...gateway, get }
}

test('the index is the answer to every path a person can have bookmarked', async () => {
  const { get } = await startWithClient()
  for (const path of ['/', '/rooms/r-tea', '/rooms/r-tea?at=5', '/people/ann.b']) {
    const answer = await get(path, PAGE)
    expect([path, answer.statusCode, answer.body]).toEqual([path, 200, INDEX])
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'text/html; charset=utf-8',
    })
  }
  expect((await get('/')).body).toBe(INDEX)
})

test('an index that did not change is not sent again', async () => {
  const { get } = await startWithClient()
  const { etag } = (await get('/', PAGE)).headers
  expect(etag).toEqual(expect.any(String))
  const again = await get('/rooms/x', { ...PAGE, 'if-none-match': String(etag) })
  expect([again.statusCode, again.body]).toEqual([304, ''])
})

test('the policy of the web client allows its own scripts and sockets and no others', async () => {
  const { get } = await startWithClient()
  const policy = (await get('/', PAGE)).headers['content-security-policy']
  expect(policy).toBe(
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
      "connect-src 'self' wss://chat.example.org; frame-ancestors 'none'; base-uri 'none'; " +
      "form-action 'self'; object-src 'none'",
  )
})

test('hashed assets are kept for ever, other files are asked for again', async () => {
  const { get } = await startWithClient()
  const asset = await get('/assets/app-1a2b.js')
  expect([asset.statusCode, asset.body]).toEqual([200, SCRIPT])
  expect(asset.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': expect.stringContaining('javascript'),
    'x-content-type-options': 'nosniff',
  })
  const manifest = await get('/manifest.webmanifest')
  expect([manifest.statusCode, manifest.headers['cache-control']]).toEqual([200, 'no-cache'])
})

test('compressed siblings are sent to those who take them', async () => {
  const { get } = await startWithClient()
  for (const [accepted, sent] of [
    ['gzip, br', 'br'],
    ['gzip', 'gzip'],
    ['identity', undefined],
  ] as const) {
    const { headers } = await get('/assets/app-1a2b.js', { 'accept-encoding': accepted })
    expect([headers['content-encoding'], headers.vary]).toEqual([sent, 'accept-encoding'])
    expect(headers['content-type']).toContain('javascript')
  }
})

test('programs are told the truth: no web client under their paths', async () => {
  const { get } = await startWithClient()
  for (const path of [
    '/api',
    '/api/v1/nothing',
    '/api/nothing',
    '/ws',
    '/ws/nothing',
    '/.well-known/nothing',
    '/assets/gone.js',
  ]) {
    const answer = await get(path, PAGE)
    expect([path, answer.statusCode, codeOf(answer)]).toEqual([path, 404, 'not_found'])
    expect(answer.headers['cache-control']).toBe('no-store')
  }
  expect((await get('/robots.txt', { accept: '*/*' })).statusCode).toBe(404)
})

test('only reading finds the web client', async () => {
  const { call } = await startWithClient()
  expect((await call('POST', '/', undefined, PAGE)).statusCode).toBe(404)
  expect((await call('HEAD', '/', undefined, PAGE)).statusCode).toBe(200)
})

test('nothing outside the directory and nothing hidden in it is served', async () => {
  const { get } = await startWithClient()
  for (const path of [
    '/../outside.txt',
    '/..%2foutside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/assets/%2e%2e/%2e%2e/outside.txt',
    '/..%5coutside.txt',
    '//outside.txt',
    '/.env',
    '/assets/app-1a2b.js%00.txt',
  ]) {
    const answer = await get(path)
    expect([path, answer.statusCode, codeOf(answer)]).toEqual([
      path,
      expect.toBeOneOf([400, 404]),
      expect.any(String),
    ])
    expect(answer.body).not.toMatch(/outside|SECRET/)
  }
})

test('a directory without an index is no client', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'parley-web-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const { call } = await startGateway({ webDirectory: directory })
  const answer = await call('GET', '/', undefined, PAGE)
  expect([answer.statusCode, codeOf(answer)]).toEqual([404, 'not_found'])
})
