/**
 * One bucket of a server that speaks S3: signed requests (Signature V4, each body under its SHA-256, which the server
 * checks), a bounded wait for every answer, and a second try where nothing can have happened twice.
 */
import { createHash } from 'node:crypto'
import {
  Agent as HttpAgent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as overHttp,
} from 'node:http'
import { Agent as HttpsAgent, request as overHttps } from 'node:https'
import type { Clock, Log } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { AwsV4Signer } from 'aws4fetch'

/** Nothing was heard for so long before an answer began. Whoever waits for us gives up after three times that. */
const SILENCE_MS = 30_000
/** The same within an answer: whoever reads it may pause. */
const PAUSE_MS = 90_000
const TRIES = 3
const RETRY_WAIT_MS = 300
const RETRY_AFTER_MS = 10_000
/** Documents of a listing or an error; a page of a listing has at most 1,000 entries. */
const TEXT_MAX_BYTES = 4 * 1024 * 1024

export interface S3Bucket {
  /** `http://` or `https://` with host and port. */
  readonly origin: string
  readonly bucket: string
  /** In front of every key; empty, or ending with a slash. */
  readonly prefix: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Undefined: the bucket itself. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Not changed before the answer is there. */
  readonly body?: Uint8Array
  /** Statuses that are answers, besides 200, 204 and 206. */
  readonly expect?: readonly number[]
}

export interface S3Client {
  /** The answer with its body unread. Throws `unavailable`. */
  send(request: S3Request): Promise<IncomingMessage>
  /** The answer with its body read. Throws `unavailable`. */
  ask(request: S3Request): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }>
  close(): void
}

/** In the place of a status: to ask once more would take as long again. */
const SILENT = 0

/** What the server said, or that it said nothing. */
export class S3Failure extends ParleyError {
  /** Its status; undefined where the connection failed, 0 where nothing was heard. */
  readonly answered: number | undefined
  /** For the log and `doctor`, not for people. */
  readonly reason: string

  constructor(reason: string, answered?: number, cause?: unknown) {
    super('unavailable', {
      message: 'The place where files lie does not answer as it should; try again later.',
      retryAfterMs: RETRY_AFTER_MS,
      cause: new Error(reason, { cause }),
    })
    this.answered = answered
    this.reason = reason
  }
}

export function createS3Client(bucket: S3Bucket, { clock, log }: { clock: Clock; log: Log }): S3Client {
  const encrypted = bucket.origin.startsWith('https:')
  const agent = encrypted ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  /** Keys made from the secret, one a day. */
  const cache = new Map<string, ArrayBuffer>()

  async function attempt(request: S3Request): Promise<IncomingMessage> {
    const { method, body } = request
    const { url, headers } = await sign(bucket, request, cache)
    const answered = Promise.withResolvers<IncomingMessage>()
    const call = (encrypted ? overHttps : overHttp)(url, { method, agent, headers, timeout: SILENCE_MS })
    call.once('response', (response) => {
      call.setTimeout(PAUSE_MS)
      answered.resolve(response)
    })
    let silent = false
    call.on('timeout', () => {
      silent = true
      call.destroy(new Error('nothing was heard for too long'))
    })
    call.on('error', (error) =>
      answered.reject(new S3Failure(error.message, silent ? SILENT : undefined, error)),
    )
    call.end(body)
    const response = await answered.promise
    const status = response.statusCode ?? 0
    if ([200, 204, 206, ...(request.expect ?? [])].includes(status)) return response
    throw new S3Failure(`${method} was answered with ${status} ${await codeIn(response)}`, status)
  }

  let failing = false
  const note = (failure?: unknown): void => {
    if (failing === (failure !== undefined)) return
    failing = failure !== undefined
    const reason = failure instanceof S3Failure ? failure.reason : String(failure)
    if (failing) log.warn({ reason, bucket: bucket.bucket }, 'the S3 store of files fails')
    else log.info({ bucket: bucket.bucket }, 'the S3 store of files answers again')
  }

  async function send(request: S3Request): Promise<IncomingMessage> {
    for (let tries = 1; ; tries++) {
      try {
        const response = await attempt(request)
        note()
        return response
      } catch (error) {
        if (tries === TRIES || !mayTryAgain(error)) {
          note(error)
          throw error
        }
        await new Promise<void>((resolve) => clock.after(RETRY_WAIT_MS * tries, resolve))
      }
    }
  }

  return {
    send,
    async ask(request) {
      const response = await send(request)
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: await readText(response),
      }
    },
    close: () => agent.destroy(),
  }
}

/** Every request here may be repeated: each sets the same bytes at the same place, or is asked about afterwards. */
function mayTryAgain(error: unknown): boolean {
  return (
    error instanceof S3Failure &&
    (error.answered === undefined || error.answered >= 500 || error.answered === 429)
  )
}

async function sign(
  { origin, bucket, prefix, region, accessKeyId, secretAccessKey }: S3Bucket,
  { method, key, query = {}, headers = {}, body }: S3Request,
  cache: Map<string, ArrayBuffer>,
): Promise<{ url: URL; headers: OutgoingHttpHeaders }> {
  // The bucket in the path: every server knows that, not every one has a name for each bucket.
  const path = key === undefined ? `/${bucket}` : `/${bucket}/${prefix}${key}`
  const signer = new AwsV4Signer({
    method,
    url: `${origin}${path}${Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query)}`}`,
    headers: {
      ...headers,
      'x-amz-content-sha256': createHash('sha256')
        .update(body ?? '')
        .digest('hex'),
    },
    service: 's3',
    region,
    accessKeyId,
    secretAccessKey,
    cache,
  })
  const signed = await signer.sign()
  const length =
    body === undefined && (method === 'GET' || method === 'HEAD')
      ? {}
      : { 'content-length': body?.length ?? 0 }
  return { url: signed.url, headers: { ...Object.fromEntries(signed.headers), ...length } }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > TEXT_MAX_BYTES) throw new Error('too long an answer')
      chunks.push(chunk)
    }
  } catch (error) {
    throw new S3Failure('the answer was cut', undefined, error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function codeIn(response: IncomingMessage): Promise<string> {
  const text = await readText(response).catch(() => '')
  return tagIn(text, 'Code') ?? ''
}

/** The text of the first element of this name; undefined where there is none. */
export function tagIn(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return text?.replace(/&(amp|lt|gt|quot|apos|#34|#39);/g, (_, entity: string) => ENTITIES[entity] ?? '')
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  '#34': '"',
  '#39': "'",
}
