/** Large, cut and too many uploads, on the real program. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { BOUNDARY, encodeForm, errorOf, fileOf, register, send } from './send-form.ts'

const MB = 1_000_000
const LARGE_BYTES = 200 * MB
const FILE_MAX_BYTES = 220 * MB
const USER_MAX_BYTES = 230 * MB
const GROWTH_MAX_BYTES = 100 * MB
const HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n`
const TAIL = `\r\n--${BOUNDARY}--\r\n`

describe('uploads', () => {
  let server: TestServer
  let url: string
  beforeAll(async () => {
    server = await startTestServer({
      env: {
        PARLEY_FILE_MAX: `${FILE_MAX_BYTES}`,
        PARLEY_FILE_USER_MAX: `${USER_MAX_BYTES}`,
        PARLEY_LOG: 'warn',
      },
    })
    url = `${server.url}/api/v1/files`
  })
  afterAll(() => server.stop())

  /** Names of all files in the store, drafts included. */
  const stored = async () =>
    (await readdir(join(server.dataDirectory, 'files'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)

  const residentBytes = async () =>
    Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024

  /** Sends so many bytes, as fast as they are taken; `announced: false` without a length. */
  function upload(token: string, bytes: number, options: { announced?: boolean; cutAfter?: number } = {}) {
    const { announced = true, cutAfter = Number.POSITIVE_INFINITY } = options
    const hash = createHash('sha256')
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: Buffer }>()
    const call = request(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
        ...(announced ? { 'content-length': HEAD.length + bytes + TAIL.length } : {}),
      },
    })
    call.once('error', reject)
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
    })
    call.write(HEAD)
    let sent = 0
    const go = (): void => {
      while (sent < bytes && !call.destroyed) {
        const block = Buffer.alloc(Math.min(MB, bytes - sent), sent / MB)
        block.writeUInt32LE(sent, 0)
        hash.update(block)
        sent += block.length
        if (sent > cutAfter) return void call.destroy(new Error('cut'))
        if (!call.write(block)) return void call.once('drain', go)
      }
      call.end(TAIL)
    }
    go()
    return promise.then((answer) => ({ ...answer, digest: hash.digest('hex') }))
  }

  it.runIf(process.platform === 'linux')(
    'a large file passes through little memory and arrives bit for bit',
    async () => {
      const token = await register(server.url)
      const before = await residentBytes()
      let peak = before
      const watch = setInterval(() => void residentBytes().then((now) => (peak = Math.max(peak, now))), 20)
      const answer = await upload(token, LARGE_BYTES)
      expect(answer.status).toBe(201)
      const file = fileOf({ ...answer, headers: {} })
      expect(file.bytes).toBe(LARGE_BYTES)
      const back = createHash('sha256')
      const response = await fetch(`${url}/${file.id}`, { headers: { authorization: `Bearer ${token}` } })
      for await (const chunk of response.body ?? []) back.update(chunk)
      clearInterval(watch)
      expect(back.digest('hex')).toBe(answer.digest)
      expect(peak - before).toBeLessThan(GROWTH_MAX_BYTES)
    },
  )

  it('one that is cut in the middle leaves nothing behind, and arrives when it is sent again', async () => {
    const token = await register(server.url)
    const before = await stored()
    await expect(upload(token, 20 * MB, { cutAfter: 10 * MB })).rejects.toThrow('cut')
    await vi.waitUntil(async () => (await stored()).length === before.length, { timeout: 10_000 })
    const again = await upload(token, 20 * MB)
    expect(again.status).toBe(201)
    expect((await stored()).length).toBe(before.length + 1)
  })

  it.each([{ announced: true }, { announced: false }])(
    'one that is too large is refused, its length told or not: %o',
    async (options) => {
      const token = await register(server.url)
      const before = await stored()
      const answer = await upload(token, FILE_MAX_BYTES + MB, options)
      expect([answer.status, errorOf({ ...answer, headers: {} }).code]).toEqual([413, 'file_too_large'])
      expect(await stored()).toEqual(before)
    },
  )

  it('who has used up their space stores nothing more', async () => {
    const token = await register(server.url)
    expect((await upload(token, FILE_MAX_BYTES)).status).toBe(201)
    const before = await stored()
    for (const announced of [true, false]) {
      const answer = await upload(token, 11 * MB, { announced })
      const error = errorOf({ ...answer, headers: {} })
      expect([answer.status, error.code, error.details?.rule]).toEqual([413, 'quota_exceeded', 'user_quota'])
    }
    expect(await stored()).toEqual(before)
    const small = encodeForm([{ content: 'small', filename: '"a.txt"' }])
    expect((await send({ url, token, body: small })).status).toBe(201)
  })
})
