/**
 * Files in a bucket of a server that speaks S3, which the files processes of several machines share. A file of up to
 * one part is put at once; a longer one goes in parts, which are nobody's file until the server is told to join them.
 */
import type { IncomingMessage } from 'node:http'
import { assertFileKey, type Clock, type FileStore, type Log } from '@parley/contracts'
import { createS3Client, type S3Bucket, type S3Client, S3Failure, tagIn } from './s3-client.ts'

/** The least that S3 takes for all parts but the last; each upload under way holds one in memory. */
const PART_BYTES = 5 * 1024 * 1024
/** S3 takes 10,000 parts: from here on they are larger, which makes room for files of 400 GB. */
const SMALL_PARTS = 2_000
const LARGE_PART_BYTES = 50 * 1024 * 1024
/** As long as an upload may take: then its parts belong to a dead process. */
const ABANDONED_MS = 48 * 3_600_000
/** A listing costs money, and nothing hurries. */
const CLEAN_UP_INTERVAL_MS = 3_600_000
const FIRST_BUFFER_BYTES = 64 * 1024

export interface S3FileStoreOptions {
  readonly bucket: S3Bucket
  readonly clock: Clock
  readonly log: Log
}

export interface S3FileStore extends FileStore {
  /** Writes, reads and removes a small file. Throws `unavailable`, with the server's reason as the cause. */
  probe(): Promise<void>
}

export function createS3FileStore({ bucket, clock, log }: S3FileStoreOptions): S3FileStore {
  const client = createS3Client(bucket, { clock, log })
  let lookedAt = Number.NEGATIVE_INFINITY

  const store: S3FileStore = {
    async put(key, content) {
      assertFileKey(key)
      return putAll(client, key, content)
    },
    async get(key, range) {
      assertFileKey(key)
      const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` }
      const response = await client.send({ method: 'GET', key, headers, expect: [404] })
      if (response.statusCode === 404) {
        response.resume()
        return undefined
      }
      // All of it in the place of a part would be passed on as that part.
      if (range !== undefined && response.statusCode !== 206) {
        response.destroy()
        throw new S3Failure('the server knows no ranges', response.statusCode)
      }
      return readBody(response)
    },
    async delete(key) {
      assertFileKey(key)
      await client.ask({ method: 'DELETE', key, expect: [404] })
    },
    async exists(key) {
      assertFileKey(key)
      return (await client.ask({ method: 'HEAD', key, expect: [404] })).status !== 404
    },
    async cleanUp() {
      if (clock.now() < lookedAt + CLEAN_UP_INTERVAL_MS) return
      lookedAt = clock.now()
      await abortAbandoned(client, bucket.prefix, clock.now() - ABANDONED_MS)
    },
    async probe() {
      const key = `probe-${crypto.randomUUID()}`
      async function* word(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('parley')
      }
      await store.put(key, word())
      try {
        const content = await store.get(key, { start: 0, end: 2 })
        let text = ''
        for await (const chunk of content ?? []) text += Buffer.from(chunk).toString()
        if (text !== 'par') throw new S3Failure('what was written was not what was read')
      } finally {
        await store.delete(key)
      }
    },
    close: () => client.close(),
  }
  return store
}

/** An error of the line is the store's, not ours. */
async function* readBody(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response as AsyncIterable<Buffer>
  } catch (error) {
    throw new S3Failure('the answer was cut', undefined, error)
  } finally {
    // Read to the end its connection serves others.
    if (!response.complete) response.destroy()
  }
}

async function putAll(client: S3Client, key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  let upload: string | undefined
  const tags: string[] = []
  let bytes = 0
  try {
    for await (const { part, last } of partsOf(content)) {
      bytes += part.length
      if (last && upload === undefined) {
        await client.ask({ method: 'PUT', key, body: part })
        return bytes
      }
      upload ??= await startUpload(client, key)
      tags.push(await putPart(client, key, upload, tags.length + 1, part))
    }
    if (upload !== undefined) await completeUpload(client, key, upload, tags)
    return bytes
  } catch (error) {
    // What cannot be said now is found by `cleanUp`.
    if (upload !== undefined) await abortUpload(client, key, upload).catch(() => undefined)
    throw error
  }
}

/** Always at least one, which may be empty. A part is overwritten when the next one is asked for. */
async function* partsOf(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ part: Uint8Array; last: boolean }> {
  let buffer = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES)
  let used = 0
  let parts = 0
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; ) {
      const size = parts < SMALL_PARTS ? PART_BYTES : LARGE_PART_BYTES
      // Only once there is more: the last part must be known as such.
      if (used === size) {
        yield { part: buffer.subarray(0, used), last: false }
        used = 0
        parts++
        continue
      }
      if (used === buffer.length) buffer = grown(buffer, size)
      const fits = Math.min(chunk.length - at, buffer.length - used)
      buffer.set(chunk.subarray(at, at + fits), used)
      used += fits
      at += fits
    }
  }
  yield { part: buffer.subarray(0, used), last: true }
}

function grown(buffer: Buffer, maxBytes: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.min(buffer.length * 4, maxBytes))
  buffer.copy(larger)
  return larger
}

async function startUpload(client: S3Client, key: string): Promise<string> {
  const { text } = await client.ask({ method: 'POST', key, query: { uploads: '' } })
  const upload = tagIn(text, 'UploadId')
  if (upload === undefined) throw new S3Failure('an upload in parts was not given an id')
  return upload
}

async function putPart(
  client: S3Client,
  key: string,
  upload: string,
  number: number,
  body: Uint8Array,
): Promise<string> {
  const query = { partNumber: `${number}`, uploadId: upload }
  const { headers } = await client.ask({ method: 'PUT', key, query, body })
  if (headers.etag === undefined) throw new S3Failure('a part was not given a tag')
  return headers.etag
}

async function completeUpload(
  client: S3Client,
  key: string,
  upload: string,
  tags: readonly string[],
): Promise<void> {
  const parts = tags.map(
    (tag, n) => `<Part><PartNumber>${n + 1}</PartNumber><ETag>${tag.replaceAll('"', '&quot;')}</ETag></Part>`,
  )
  const { status, text } = await client.ask({
    method: 'POST',
    key,
    query: { uploadId: upload },
    headers: { 'content-type': 'application/xml' },
    body: Buffer.from(
      `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
    ),
    expect: [404],
  })
  // An answer of 200 begins before the work is done, and may end with an error.
  const code = tagIn(text, 'Code')
  if (status !== 404 && code === undefined) return
  // It was done at our first try, whose answer was lost.
  const { status: there } = await client.ask({ method: 'HEAD', key, expect: [404] })
  if (there === 404) throw new S3Failure(`joining the parts was answered with ${code ?? status}`, status)
}

async function abortUpload(client: S3Client, key: string, upload: string): Promise<void> {
  await client.ask({ method: 'DELETE', key, query: { uploadId: upload }, expect: [404] })
}

/** Uploads in parts that were begun before `before` and neither joined nor given up. */
async function abortAbandoned(client: S3Client, prefix: string, before: number): Promise<void> {
  let from: Record<string, string> = {}
  for (;;) {
    const { text } = await client.ask({ method: 'GET', query: { uploads: '', prefix, ...from } })
    for (const [one] of text.matchAll(/<Upload>.*?<\/Upload>/gs)) {
      const key = tagIn(one, 'Key')
      const upload = tagIn(one, 'UploadId')
      if (key === undefined || upload === undefined || !key.startsWith(prefix)) continue
      if (Date.parse(tagIn(one, 'Initiated') ?? '') < before)
        await abortUpload(client, key.slice(prefix.length), upload)
    }
    const keyMarker = tagIn(text, 'NextKeyMarker')
    const uploadMarker = tagIn(text, 'NextUploadIdMarker')
    if (tagIn(text, 'IsTruncated') !== 'true' || keyMarker === undefined) return
    from = {
      'key-marker': keyMarker,
      ...(uploadMarker === undefined ? {} : { 'upload-id-marker': uploadMarker }),
    }
  }
}
