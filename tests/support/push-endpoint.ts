/**
 * A push service of our own, and browsers that subscribe with it: takes pushes and opens them as a browser would. What it
 * knows of the encryption is read from RFC 8188 and RFC 8291, and of the sender's signature from RFC 8292, and shares no
 * line with what is tested. For tests.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, vi } from 'vitest'

export interface Push {
  readonly headers: IncomingHttpHeaders
  /** Of the signed claims. */
  readonly claims: { readonly aud: string; readonly sub: string; readonly exp: number }
  /** Base64url; that of the signature. */
  readonly serverKey: string
  readonly bodyBytes: number
  readonly body: Uint8Array
  /** What the browser reads. */
  readonly data: Readonly<Record<string, unknown>>
}

interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
}

export interface PushDevice {
  /** As `PushSubscription.toJSON()`. */
  readonly subscription: { endpoint: string; keys: { p256dh: string; auth: string } }
  /** Those that were accepted, in their order. */
  readonly pushes: Push[]
  /** All requests, refused ones too. */
  readonly attempts: () => number
  /** What the next requests are answered; 201 once they are used up. */
  answer(...answers: Answer[]): void
  /** Rejects when so many have not come in time. */
  received(count: number, timeoutMs?: number): Promise<readonly Push[]>
}

export interface PushEndpoint {
  readonly origin: string
  subscribe(): Promise<PushDevice>
  close(): Promise<void>
}

interface Inner {
  readonly device: PushDevice
  take(request: IncomingMessage, body: Uint8Array): Promise<Answer>
}

export async function startPushEndpoint(): Promise<PushEndpoint> {
  const browsers = new Map<string, Inner>()
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const taken = browsers.get(request.url ?? '')?.take(request, new Uint8Array(Buffer.concat(parts)))
      void (taken ?? Promise.resolve({ status: 404 }))
        .catch((error: unknown): Answer => ({ status: 400, headers: { reason: String(error) } }))
        .then(({ status, headers }: Answer) => response.writeHead(status, headers ?? {}).end())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    async subscribe() {
      const path = `/send/${crypto.randomUUID()}`
      const inner = await createBrowser(origin, path)
      browsers.set(path, inner)
      return inner.device
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function createBrowser(origin: string, path: string): Promise<Inner> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const secret = crypto.getRandomValues(new Uint8Array(16))
  const pushes: Push[] = []
  const answers: Answer[] = []
  let attempts = 0
  const device: PushDevice = {
    subscription: { endpoint: origin + path, keys: { p256dh: text64(point), auth: text64(secret) } },
    pushes,
    attempts: () => attempts,
    answer: (...next) => void answers.push(...next),
    async received(count, timeoutMs = 20_000) {
      await vi.waitUntil(() => pushes.length >= count, { timeout: timeoutMs, interval: 20 })
      return pushes
    },
  }
  return {
    device,
    async take(request, body) {
      attempts++
      const answer = answers.shift() ?? { status: 201 }
      if (answer.status >= 300) return answer
      const { claims, serverKey } = await readSender(request.headers, origin)
      const plain = await openPush(body, { privateKey: pair.privateKey, point, secret })
      const data = JSON.parse(new TextDecoder().decode(plain)) as Push['data']
      pushes.push({ headers: request.headers, claims, serverKey, bodyBytes: body.length, body, data })
      return answer
    },
  }
}

/** RFC 8292: a JWT signed with the key that is sent along. Throws when it is not right. */
async function readSender(
  headers: IncomingHttpHeaders,
  origin: string,
): Promise<Pick<Push, 'claims' | 'serverKey'>> {
  const match = /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), k=([\w-]+)$/.exec(headers.authorization ?? '')
  const [, head = '', claims = '', signature = '', serverKey = ''] = match ?? []
  const key = await crypto.subtle.importKey(
    'raw',
    bytes64(serverKey),
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['verify'],
  )
  const signed = new TextEncoder().encode(`${head}.${claims}`)
  const right = await crypto.subtle.verify(
    { name: 'ECDSA', hash: 'SHA-256' },
    key,
    bytes64(signature),
    signed,
  )
  if (!right) throw new Error('the signature does not fit')
  const said = JSON.parse(new TextDecoder().decode(bytes64(claims))) as Push['claims']
  const seconds = said.exp - Date.now() / 1_000
  if (said.aud !== origin || seconds <= 0 || seconds > 24 * 3_600)
    throw new Error('signed for something else')
  return { claims: said, serverKey }
}

interface Receiver {
  readonly privateKey: Parameters<typeof crypto.subtle.deriveBits>[1]
  readonly point: Uint8Array<ArrayBuffer>
  readonly secret: Uint8Array<ArrayBuffer>
}

/** RFC 8291 section 3.4 and RFC 8188 section 2: header, key agreement, one record, its delimiter. */
async function openPush(body: Uint8Array, receiver: Receiver): Promise<Uint8Array> {
  const view = new DataView(body.buffer, body.byteOffset)
  const salt = body.slice(0, 16)
  const recordSize = view.getUint32(16)
  const keyLength = body[20] ?? 0
  const theirPoint = body.slice(21, 21 + keyLength)
  const record = body.slice(21 + keyLength)
  expect(record.length, 'one record').toBeLessThanOrEqual(recordSize)
  const theirKey = await crypto.subtle.importKey(
    'raw',
    theirPoint,
    { name: 'ECDH', namedCurve: 'P-256' },
    false,
    [],
  )
  const shared = new Uint8Array(
    await crypto.subtle.deriveBits({ name: 'ECDH', public: theirKey }, receiver.privateKey, 256),
  )
  const info = join(label('WebPush: info'), receiver.point, theirPoint)
  const input = await derive(shared, receiver.secret, info, 32)
  const key = await crypto.subtle.importKey(
    'raw',
    await derive(input, salt, label('Content-Encoding: aes128gcm'), 16),
    'AES-GCM',
    false,
    ['decrypt'],
  )
  const iv = await derive(input, salt, label('Content-Encoding: nonce'), 12)
  const opened = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, record))
  const end = opened.findLastIndex((byte) => byte !== 0)
  if (opened[end] !== 2) throw new Error('the last record does not end with 2')
  return opened.slice(0, end)
}

async function derive(
  input: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
  info: Uint8Array<ArrayBuffer>,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', input, 'HKDF', false, ['deriveBits'])
  return new Uint8Array(
    await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, bytes * 8),
  )
}

const label = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`${text}\0`)
const text64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const bytes64 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'))

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]))
}
