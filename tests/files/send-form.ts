/** Uploads byte by byte, as no well-behaved program would send them. */
import { type IncomingHttpHeaders, request } from 'node:http'

export const BOUNDARY = '----parley-test'

export interface Part {
  readonly field?: string
  /** As it goes into the header, quotes included; left out: no file name at all. */
  readonly filename?: string
  readonly type?: string
  readonly content: Buffer | string
  /** More header lines. */
  readonly headers?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export function encodeForm(parts: readonly Part[], end = `--${BOUNDARY}--\r\n`): Buffer {
  const pieces: Buffer[] = []
  for (const {
    field = 'file',
    filename,
    type = 'application/octet-stream',
    content,
    headers = '',
  } of parts) {
    const name = filename === undefined ? '' : `; filename=${filename}`
    pieces.push(
      Buffer.from(
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"${name}\r\nContent-Type: ${type}\r\n${headers}\r\n`,
      ),
      Buffer.from(content),
      Buffer.from('\r\n'),
    )
  }
  return Buffer.concat([...pieces, Buffer.from(end)])
}

export interface Send {
  readonly url: string
  readonly token: string
  readonly method?: string
  readonly body?: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export function send({ url, token, method = 'POST', body, headers = {} }: Send): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const call = request(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined
        ? {}
        : { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, 'content-length': body.length }),
      ...headers,
    },
  })
  call.once('error', reject)
  call.once('response', (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.once('error', reject)
    response.once('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
    )
  })
  call.end(body)
  return promise
}

export const errorOf = ({ body }: Answer) =>
  (JSON.parse(body.toString()) as { error: { code: string; details?: { rule?: string } } }).error
export const fileOf = ({ body }: Answer) =>
  (JSON.parse(body.toString()) as { file: { id: string; name: string; type: string; bytes: number } }).file

/** Somebody new; their token. */
export async function register(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      username: `files-${crypto.randomUUID().slice(0, 13)}`,
      password: 'correct horse of files',
    }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}
