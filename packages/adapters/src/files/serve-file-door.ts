/** The answering side of the way of bytes between processes; for the internal server. Whoever holds the service key may come. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { CallContext, FileDoor, Log } from '@parley/contracts'
import { holdsKey } from '@parley/contracts/judge-caller'
import { ParleyError } from '@parley/protocol'
import { toWireError } from '../rpc/wire.ts'
import {
  ABOUT_HEADER,
  aboutOpen,
  aboutUpload,
  decodeAbout,
  encodeAbout,
  OPEN_PATH,
  UPLOAD_PATH,
} from './wire.ts'

/** For a caller to take its refusal while it is still sending. */
const TAKE_REFUSAL_MS = 10_000

export interface FileDoorServerOptions {
  readonly serviceKeys: readonly string[]
  readonly log: Log
}

export interface FileDoorServer {
  /** Opens the door from now on; before, callers go elsewhere, or come again. */
  provide(door: FileDoor): void
  /** False for what is not a request of ours. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
}

export function createFileDoorServer({ serviceKeys, log }: FileDoorServerOptions): FileDoorServer {
  let door: FileDoor | undefined

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!holdsKey(request, serviceKeys)) {
        log.warn(
          { from: request.socket.remoteAddress },
          'a caller without the right PARLEY_SERVICE_KEY was refused',
        )
        return void (await refuse(request, response, 401, new ParleyError('unavailable')))
      }
      if (door === undefined)
        return void (await refuse(request, response, 503, new ParleyError('unavailable')))
      if (request.url === UPLOAD_PATH) await takeUpload(door, request, response)
      else await sendOpened(door, request, response)
    } catch (error) {
      if (!(error instanceof ParleyError) && !request.socket.destroyed)
        log.error({ error, path: request.url }, 'a transfer of a file failed')
      const known = error instanceof ParleyError ? error : new ParleyError('unavailable')
      if (response.headersSent) response.destroy()
      else await refuse(request, response, known.status, known)
    }
  }

  return {
    provide(given) {
      door = given
    },
    handle(request, response) {
      if (request.method !== 'POST' || (request.url !== UPLOAD_PATH && request.url !== OPEN_PATH))
        return false
      void serve(request, response).catch((error: unknown) => {
        log.debug({ error: String(error) }, 'a transfer of a file ended early')
        response.destroy()
      })
      return true
    },
  }
}

function contextOf({ request, trace }: { request: string; trace?: string | undefined }): CallContext {
  return trace === undefined ? { requestId: request } : { requestId: request, trace }
}

async function takeUpload(door: FileDoor, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const about = decodeAbout(aboutUpload, request.headers[ABOUT_HEADER])
  // Read to the end or left alone: a refusal must reach a caller who is still sending.
  const content = request.iterator({ destroyOnReturn: false })
  const file = await door.upload(about, content, contextOf(about))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ file }))
}

async function sendOpened(door: FileDoor, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const about = decodeAbout(aboutOpen, request.headers[ABOUT_HEADER])
  const { content, ...answer } = await door.open(about, contextOf(about))
  response.writeHead(200, { [ABOUT_HEADER]: encodeAbout(answer) })
  if (content === undefined) response.end()
  else await pipeline(Readable.from(content, { objectMode: false }), response)
}

async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  error: ParleyError,
): Promise<void> {
  // Not `request.destroyed`: that it is as soon as it was read to its end.
  if (request.socket.destroyed || response.destroyed) return
  response
    .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
    .end(JSON.stringify({ error: toWireError(error) }))
  if (request.complete) return
  // Closed with something unread the connection would be reset, and the refusal lost.
  await finished(request.resume(), { writable: false, signal: AbortSignal.timeout(TAKE_REFUSAL_MS) }).catch(
    () => request.destroy(),
  )
}
