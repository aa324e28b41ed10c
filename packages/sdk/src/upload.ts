/** Uploads: a form with one file, its progress, and one more try from the start when the line breaks. */
import { type FileShape, ParleyError } from '@parley/protocol'
import type { Parley, UploadOptions } from './api.ts'
import type { Environment, XhrConstructor } from './environment.ts'
import { readError, toError } from './http.ts'
import type { Rest } from './rest.ts'

type Surroundings = Pick<Environment, 'baseUrl' | 'tokens' | 'fetch' | 'XMLHttpRequest' | 'clock'>
const PATH = '/api/v1/files'
const TRIES = 2
/** Where the server did not name a time. */
const AGAIN_AFTER_MS = 1_000
/** A longer wait is the person's to decide. */
const AGAIN_WITHIN_MS = 10_000
const NAMELESS = 'file'

export function fileUrl(baseUrl: string, id: string, variant?: 'thumbnail'): string {
  return `${baseUrl}${PATH}/${encodeURIComponent(id)}${variant === undefined ? '' : `/${variant}`}`
}

export function createUpload(rest: Rest, surroundings: Surroundings): Parley['upload'] {
  const { XMLHttpRequest: Xhr } = surroundings
  const attempt = (file: Blob, options: UploadOptions) =>
    rest.authorized((token) =>
      Xhr === null
        ? sendByFetch(surroundings, file, options, token)
        : sendByXhr(Xhr, surroundings, file, options, token),
    )

  return async (file, options = {}) => {
    for (let n = 1; ; n++) {
      options.signal?.throwIfAborted()
      try {
        return await attempt(file, options)
      } catch (error) {
        options.signal?.throwIfAborted()
        const waitMs = error instanceof ParleyError ? (error.retryAfterMs ?? AGAIN_AFTER_MS) : null
        const again = error instanceof ParleyError && error.retryable && n < TRIES
        if (!again || waitMs === null || waitMs > AGAIN_WITHIN_MS) throw error
        options.onProgress?.(0)
        await new Promise<void>((resolve) => surroundings.clock.after(waitMs, resolve))
      }
    }
  }
}

function formOf(file: Blob, { name }: UploadOptions): FormData {
  const form = new FormData()
  form.append('file', file, name ?? (file as { name?: string }).name ?? NAMELESS)
  return form
}

function cutOff(cause?: unknown): ParleyError {
  return new ParleyError('unavailable', { message: 'The upload was cut off.', cause })
}

async function sendByFetch(
  { fetch, baseUrl, tokens }: Surroundings,
  file: Blob,
  options: UploadOptions,
  token: string | null,
): Promise<FileShape> {
  let response: Response
  try {
    response = await fetch(baseUrl + PATH, {
      method: 'POST',
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      credentials: tokens === 'cookie' ? 'include' : 'omit',
      body: formOf(file, options),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
  } catch (error) {
    throw cutOff(error)
  }
  if (!response.ok) throw await readError(response)
  const answer = (await response.json()) as { file: FileShape }
  options.onProgress?.(1)
  return answer.file
}

function sendByXhr(
  Xhr: XhrConstructor,
  { baseUrl, tokens }: Surroundings,
  file: Blob,
  options: UploadOptions,
  token: string | null,
): Promise<FileShape> {
  const { promise, resolve, reject } = Promise.withResolvers<FileShape>()
  const { signal } = options
  const xhr = new Xhr()
  const cancel = (): void => xhr.abort()
  signal?.addEventListener('abort', cancel)
  xhr.open('POST', baseUrl + PATH)
  xhr.withCredentials = tokens === 'cookie'
  if (token !== null) xhr.setRequestHeader('authorization', `Bearer ${token}`)
  xhr.upload.addEventListener('progress', ({ loaded, total }) => {
    if (total > 0) options.onProgress?.(Math.min(1, loaded / total))
  })
  xhr.addEventListener('load', () => {
    const body = parse(xhr.responseText)
    if (xhr.status === 201) resolve((body as { file: FileShape }).file)
    else reject(toError(xhr.status, body, xhr.getResponseHeader('retry-after')))
  })
  xhr.addEventListener('error', () => reject(cutOff()))
  xhr.addEventListener('abort', () => reject(cutOff()))
  xhr.send(formOf(file, options))
  return promise.finally(() => signal?.removeEventListener('abort', cancel))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
