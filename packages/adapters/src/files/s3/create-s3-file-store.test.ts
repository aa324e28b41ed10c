import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, type Log, silentLog, systemClock } from '@parley/contracts'
import { describeFileStore } from '@parley/contracts/testing/file-store-suite'
import { ParleyError } from '@parley/protocol'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type SwiftServer, startSwift } from '../../../../../tests/support/swift-server.ts'
import { createS3FileStore } from './create-s3-file-store.ts'
import { createS3Client, type S3Bucket } from './s3-client.ts'

const PART_BYTES = 5 * 1024 * 1024
let swift: SwiftServer
let buckets = 0

beforeAll(async () => {
  swift = await startSwift()
})
afterAll(() => swift?.stop())

/** A bucket of its own. */
async function create(options: { clock?: Clock; prefix?: string } = {}) {
  const { clock = systemClock, prefix = '' } = options
  const bucket = { ...swift.bucket(`files-${++buckets}`), prefix }
  const client = createS3Client(bucket, { clock: systemClock, log: silentLog })
  const store = createS3FileStore({ bucket, clock, log: silentLog })
  onTestFinished(() => {
    client.close()
    store.close()
  })
  await client.ask({ method: 'PUT' })
  const count = async (query: Record<string, string>, tag: string) => {
    const { text } = await client.ask({ method: 'GET', query })
    return text.split(`<${tag}>`).length - 1
  }
  const unfinished = () => count({ uploads: '' }, 'Upload')
  const isEmpty = async () => (await count({ 'list-type': '2' }, 'Contents')) + (await unfinished()) === 0
  return { bucket, client, store, isEmpty, unfinished }
}

describeFileStore('a bucket of S3 (OpenStack Swift)', () => create())

describe('the file store: a bucket of S3 (OpenStack Swift)', () => {
  it('a file of many parts that breaks off leaves neither a file nor parts', async () => {
    const { store, isEmpty, unfinished } = await create()
    const seen: number[] = []
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(2 * PART_BYTES + 1)
      seen.push(await unfinished())
      throw new Error('the line was cut')
    }
    await expect(store.put('cut', broken())).rejects.toThrow('the line was cut')
    expect(seen).toEqual([1])
    expect(await isEmpty()).toBe(true)
    await store.put('cut', parts(Buffer.alloc(PART_BYTES + 1, 5)))
    expect(await store.exists('cut')).toBe(true)
  })

  it.each([PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])(
    'keeps %d bytes bit for bit, at the borders of parts',
    async (bytes) => {
      const { store, unfinished } = await create()
      const content = Buffer.from(
        Uint32Array.from({ length: Math.ceil(bytes / 4) }, (_, n) => n * 2_654_435_761).buffer,
      )
      const file = content.subarray(0, bytes)
      expect(await store.put('file', parts(file, 100_000))).toBe(bytes)
      expect(await sumOf(store.get('file'))).toBe(sum(file))
      const range = { start: Math.min(bytes, PART_BYTES) - 10, end: Math.min(bytes, PART_BYTES + 10) - 1 }
      expect(await sumOf(store.get('file', range))).toBe(sum(file.subarray(range.start, range.end + 1)))
      expect(await unfinished()).toBe(0)
    },
  )

  it('what dead processes left is removed, what is being written is not', async () => {
    let now = Date.now()
    const clock: Clock = { ...systemClock, now: () => now }
    const { store, client, unfinished } = await create({ clock, prefix: 'parley/' })
    await client.ask({ method: 'POST', key: 'left', query: { uploads: '' } })
    await store.cleanUp()
    expect(await unfinished()).toBe(1)
    now += 49 * 3_600_000
    await store.cleanUp()
    expect(await unfinished()).toBe(0)
  })

  it('a wrong secret is told to the log and to doctor, not to people', async () => {
    const { bucket } = await create()
    const lines: unknown[] = []
    const log: Log = { ...silentLog, warn: (fields: unknown) => lines.push(fields) }
    const store = createS3FileStore({
      bucket: { ...bucket, secretAccessKey: 'wrong' },
      clock: systemClock,
      log,
    })
    onTestFinished(() => store.close())
    const error: unknown = await store.probe().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'unavailable',
      reason: expect.stringContaining('SignatureDoesNotMatch'),
    })
    expect(String((error as Error).message)).not.toContain('Signature')
    expect(lines).toHaveLength(1)
    const good = createS3FileStore({ bucket, clock: systemClock, log })
    onTestFinished(() => good.close())
    await good.probe()
  })
})

describe('a server of S3 that fails', () => {
  it('is asked again when it is busy, with the same bytes', async () => {
    const bodies: string[] = []
    const { store } = await serve((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        bodies.push(body)
        response.writeHead(bodies.length < 3 ? 503 : 200).end()
      })
    })
    expect(await store.put('file', parts(Buffer.from('hello')))).toBe(5)
    expect(bodies).toEqual(['hello', 'hello', 'hello'])
  })

  it('that refuses the join in an answer of 200 has not stored the file, and is told to forget the parts', async () => {
    const seen: string[] = []
    const { store } = await serve((request, response) => {
      request.resume().on('end', () => {
        const { method = '', url = '' } = request
        seen.push(`${method} ${new URL(url, 'http://x').search.replace(/=.*/, '')}`)
        if (method === 'POST' && url.includes('uploads')) response.end('<UploadId>u&amp;1</UploadId>')
        else if (method === 'PUT') response.writeHead(200, { etag: '"tag"' }).end()
        else if (method === 'POST') response.end('<Error><Code>InternalError</Code></Error>')
        else response.writeHead(404).end()
      })
    })
    await expect(store.put('file', parts(Buffer.alloc(PART_BYTES + 1)))).rejects.toThrow(ParleyError)
    expect(seen).toEqual([
      'POST ?uploads',
      'PUT ?partNumber',
      'PUT ?partNumber',
      'POST ?uploadId',
      'HEAD ',
      'DELETE ?uploadId',
    ])
  })

  it('that joined the parts and lost the answer has stored the file', async () => {
    let joins = 0
    const { store } = await serve((request, response) => {
      request.resume().on('end', () => {
        const { method = '', url = '' } = request
        if (method === 'POST' && url.includes('uploads')) response.end('<UploadId>u1</UploadId>')
        else if (method === 'PUT') response.writeHead(200, { etag: '"tag"' }).end()
        else if (method === 'HEAD') response.writeHead(200).end()
        else if (++joins === 1) request.socket.destroy()
        else response.writeHead(404).end('<Error><Code>NoSuchUpload</Code></Error>')
      })
    })
    expect(await store.put('file', parts(Buffer.alloc(PART_BYTES + 1)))).toBe(PART_BYTES + 1)
  })

  it('in the middle of an answer makes an error of it, never a shorter file', async () => {
    const { store } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy())
    })
    await expect(sumOf(store.get('file'))).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('and knows no ranges does not get the whole file passed on as a part of it', async () => {
    const { store } = await serve((_request, response) => {
      response.end('all of it')
    })
    await expect(store.get('file', { start: 4, end: 5 })).rejects.toMatchObject({ code: 'unavailable' })
  })
})

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bucket: S3Bucket = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket: 'b',
    prefix: '',
    region: 'us-east-1',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
  }
  const clock: Clock = { ...systemClock, after: (_ms, callback) => systemClock.after(0, callback) }
  const store = createS3FileStore({ bucket, clock, log: silentLog })
  onTestFinished(async () => {
    store.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { store }
}

async function* parts(content: Buffer, bytes = content.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += bytes) yield content.subarray(at, at + bytes)
}

const sum = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

async function sumOf(opened: Promise<AsyncIterable<Uint8Array> | undefined>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of (await opened) ?? []) hash.update(chunk)
  return hash.digest('hex')
}
