/** The way of bytes to a files service in other processes. */
import { Agent, type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CallContext, FileDoor } from '@parley/contracts'
import { type FileShape, ParleyError } from '@parley/protocol'
import { fromWireError } from '../rpc/wire.ts'
import {
  ABOUT_HEADER,
  aboutAnswer,
  decodeAbout,
  type ErrorAnswer,
  encodeAbout,
  FILE_SILENCE_MS,
  OPEN_PATH,
  UPLOAD_PATH,
} from './wire.ts'

const ANSWER_MAX_BYTES = 64 * 1024

export interface RemoteFileDoorOptions {
  /** Internal addresses of the processes with the role, such as `http://10.0.0.2:7400`. */
  readonly origins: readonly string[]
  readonly serviceKey: string
}

/** Nobody has taken the request: another process may. */
class Unreached extends Error {}

export function createRemoteFileDoor({ origins, serviceKey }: RemoteFileDoorOptions): FileDoor & {
  close(): void
} {
  const agent = new Agent({ keepAlive: true })
  let turn = 0

  function start(origin: string, path: string, about: object): ClientRequest {
    return startRequest(`${origin}${path}`, {
      method: 'POST',
      agent,
      timeout: FILE_SILENCE_MS,
      headers: { authorization: `Bearer ${serviceKey}`, [ABOUT_HEADER]: encodeAbout(about) },
    })
  }

  /** At each of them in turn until one is there. */
  async function atAny<Result>(attempt: (origin: string) => Promise<Result>): Promise<Result> {
    const first = turn++
    for (let n = 0; n < origins.length; n++) {
      try {
        return await attempt(origins[(first + n) % origins.length] ?? '')
      } catch (error) {
        if (!(error instanceof Unreached)) throw error
      }
    }
    throw new ParleyError('unavailable')
  }

  return {
    upload: (input, content, context) =>
      atAny(async (origin) => {
        const call = start(origin, UPLOAD_PATH, { ...input, ...carried(context) })
        const response = await send(call, content)
        const { file } = (await readJson(response)) as { file: FileShape }
        return file
      }),
    open: (input, context) =>
      atAny(async (origin) => {
        const call = start(origin, OPEN_PATH, { ...input, ...carried(context) })
        const answered = answerOf(call).response
        call.end()
        const response = await answered
        if (response.statusCode !== 200) await readJson(response)
        const answer = decodeAbout(aboutAnswer, response.headers[ABOUT_HEADER])
        const bare = input.headOnly === true || answer.status === 304 || answer.status === 416
        if (!bare) return { ...answer, content: response }
        response.resume()
        return { ...answer, content: undefined }
      }),
    close: () => agent.destroy(),
  }
}

function carried(context: CallContext | undefined) {
  return { request: context?.requestId ?? '', trace: context?.trace }
}

interface Answered {
  /** Resolves when somebody is at the other end. */
  readonly connected: Promise<void>
  readonly response: Promise<IncomingMessage>
}

/** Both reject with `Unreached` where the connection could not be made, otherwise with `unavailable`. */
function answerOf(call: ClientRequest): Answered {
  const connected = Promise.withResolvers<void>()
  const response = Promise.withResolvers<IncomingMessage>()
  // Whoever stops waiting leaves no rejection behind.
  for (const { promise } of [connected, response]) promise.catch(() => undefined)
  let isConnected = false
  const connect = (): void => {
    isConnected = true
    connected.resolve()
  }
  call.once('socket', (socket) => (socket.connecting ? socket.once('connect', connect) : connect()))
  call.on('timeout', () => call.destroy(new Error('nothing was heard for too long')))
  call.on('error', (error) => {
    const reason = isConnected ? new ParleyError('unavailable', { cause: error }) : new Unreached()
    connected.reject(reason)
    response.reject(reason)
  })
  call.once('response', response.resolve)
  return { connected: connected.promise, response: response.promise }
}

/** Sends until the end, or until the other side has said that it wants no more. */
async function send(call: ClientRequest, content: AsyncIterable<Uint8Array>): Promise<IncomingMessage> {
  const { connected, response: answered } = answerOf(call)
  call.flushHeaders()
  // Not a byte is taken before somebody is there to have it: the source can be read only once.
  await connected
  let broken: unknown
  const sent = pipeline(Readable.from(content, { objectMode: false }), call).catch((error: unknown) => {
    broken = error
  })
  const early = await Promise.race([answered, sent])
  if (early !== undefined) return early
  // What broke the source is what our caller has to know; the other side sees a cut line.
  if (broken instanceof ParleyError) throw broken
  return answered
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > ANSWER_MAX_BYTES) throw new Error('too long an answer')
      chunks.push(chunk)
    }
    const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (response.statusCode === 200) return answer
    throw fromWireError((answer as ErrorAnswer).error)
  } catch (error) {
    throw error instanceof ParleyError ? error : new ParleyError('unavailable', { cause: error })
  }
}
