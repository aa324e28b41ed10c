/** One file out of a form, as a stream: never more of it in memory than a buffer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Busboy, type BusboyFileStream, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy'
import { ParleyError } from '@parley/protocol'

export const FILE_FIELD = 'file'
/** Names longer than this are cut anyway. */
const PART_HEADERS_MAX_BYTES = 8 * 1024
const PART_HEADERS_MAX = 16
/** How long a sender that was refused may be silent, and how long it may go on at most, so that it reads why. */
const REFUSED_SILENCE_MS = 10_000
const REFUSED_MAX_MS = 30_000

export interface ReceivedFile {
  readonly name: string
  /** Ends once the whole form was seen; throws `invalid_request` for a form that is cut or has more than the file. */
  readonly content: AsyncIterable<Uint8Array>
}

/**
 * Throws what `take` throws, and `invalid_request`, `unsupported_media_type`: at once, also while the form still comes.
 * Then the answer is the connection's last one.
 */
export async function receiveFile<Result>(
  request: IncomingMessage,
  reply: ServerResponse,
  take: (file: ReceivedFile) => Promise<Result>,
): Promise<Result> {
  const form = openForm(request)
  try {
    const file = await form.file
    return await take({ name: file.name, content: untilFormEnds(file.stream, form.ended) })
  } catch (error) {
    form.leave()
    request.resume()
    if (!request.complete) {
      reply.setHeader('connection', 'close')
      closeGently(request)
    }
    throw error
  }
}

/**
 * A connection that is closed with something unread is reset, and the sender may never see our answer. So it ends with
 * the answer, and what still comes is read and forgotten for a while before it is closed.
 */
function closeGently(request: IncomingMessage): void {
  const { socket } = request
  const close = socket.destroySoon.bind(socket)
  // What the server calls after the last answer of a connection.
  socket.destroySoon = () => {
    if (request.complete || socket.destroyed) return close()
    socket.end()
    socket.setTimeout(REFUSED_SILENCE_MS, () => socket.destroy())
    const last = setTimeout(() => socket.destroy(), REFUSED_MAX_MS)
    request.once('end', close)
    socket.once('close', () => clearTimeout(last))
  }
}

async function* untilFormEnds(
  stream: AsyncIterable<Uint8Array>,
  ended: Promise<void>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    throw error instanceof ParleyError ? error : broken()
  }
  await ended
}

interface Form {
  readonly file: Promise<{ name: string; stream: BusboyFileStream }>
  readonly ended: Promise<void>
  leave(): void
}

function openForm(request: IncomingMessage): Form {
  const parser = createParser(request)
  const file = Promise.withResolvers<{ name: string; stream: BusboyFileStream }>()
  const ended = Promise.withResolvers<void>()
  let stream: BusboyFileStream | undefined
  // Who waits for neither any more must not leave a rejection behind.
  file.promise.catch(() => undefined)
  ended.promise.catch(() => undefined)

  const fail = (error: ParleyError): void => {
    file.reject(error)
    ended.reject(error)
    stream?.destroy(error)
  }
  parser.on('file', (field: string, found: BusboyFileStream, name: string | undefined) => {
    found.on('error', () => undefined)
    if (field !== FILE_FIELD || stream !== undefined) {
      found.resume()
      return fail(unexpected())
    }
    stream = found
    file.resolve({ name: name ?? '', stream: found })
  })
  for (const event of ['field', 'fieldsLimit', 'filesLimit', 'partsLimit'] as const)
    parser.on(event, () => fail(unexpected()))
  parser.on('error', () => fail(broken()))
  parser.on('finish', () => {
    file.reject(missing())
    ended.resolve()
  })
  const cut = (): void => {
    if (!request.complete) fail(broken())
  }
  request.on('close', cut).on('error', cut)
  request.pipe(parser)
  return {
    file: file.promise,
    ended: ended.promise,
    leave() {
      request.unpipe(parser)
      stream?.destroy()
      parser.removeAllListeners()
      parser.on('error', () => undefined)
    },
  }
}

function createParser(request: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders,
      // The service cleans names: it wants to see them as they were sent.
      preservePath: true,
      isPartAFile: (field, _type, name) => field === FILE_FIELD || name !== undefined,
      limits: {
        fields: 1,
        files: 2,
        parts: 2,
        fieldSize: 1,
        headerPairs: PART_HEADERS_MAX,
        headerSize: PART_HEADERS_MAX_BYTES,
      },
    })
  } catch {
    // No boundary.
    throw broken()
  }
}

function missing(): ParleyError {
  return new ParleyError('invalid_request', { details: { fields: { [FILE_FIELD]: 'is missing' } } })
}

function unexpected(): ParleyError {
  return new ParleyError('invalid_request', {
    details: { fields: { [FILE_FIELD]: 'must be the only part of the form' } },
  })
}

function broken(): ParleyError {
  return new ParleyError('invalid_request', { message: 'The form is broken or was cut off.' })
}
