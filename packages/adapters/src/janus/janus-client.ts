/** Janus's HTTP API: one request and its answer, within a bound, and the long poll by which a session is told. */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type Clock, MediaSeatGone, MediaServerAway } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { type JanusMessage, janusMessage, janusMessages } from './wire.ts'

/** A request that is not answered within this has failed. */
export const ANSWER_MAX_MS = 3_000
/** Janus answers a poll after 30 s at the latest. */
const POLL_MAX_MS = 40_000
/** Descriptions of a large call have some 100 KB. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024
/** Of one poll. */
const EVENTS_MAX = 50

const NO_SUCH_SESSION = 458
const NO_SUCH_HANDLE = 459
const BAD_DESCRIPTION = new Set([464, 465, 469])

export interface JanusAddress {
  /** Root of the API, such as `http://10.0.0.7:8088/janus`. */
  readonly url: string
  readonly secret: string
}

export interface JanusClient {
  /** Of `path` below the root, such as `/session/handle`. Throws `MediaServerAway`, `MediaSeatGone` or `invalid_request`. */
  ask(path: string, body: Readonly<Record<string, unknown>>, withinMs?: number): Promise<JanusMessage>
  /** What a session was told since the last poll; empty where that was nothing. Throws the same. */
  poll(session: number, signal: AbortSignal): Promise<JanusMessage[]>
  /** Ends what is under way. */
  close(): void
}

export function createJanusClient(address: JanusAddress, clock: Clock): JanusClient {
  const agent = new Agent({ keepAlive: true })

  async function exchange(
    call: ClientRequest,
    body: string | undefined,
    withinMs: number,
  ): Promise<{ status: number; text: string }> {
    const done = Promise.withResolvers<{ status: number; text: string }>()
    const cancel = clock.after(withinMs, () => {
      done.reject(new MediaServerAway(`no answer within ${withinMs} ms`, false))
      call.destroy()
    })
    call.once('error', (error: NodeJS.ErrnoException) =>
      done.reject(new MediaServerAway(error.message, error.code === 'ECONNREFUSED')),
    )
    call.once('response', (response) => {
      readText(response).then(
        (text) => done.resolve({ status: response.statusCode ?? 0, text }),
        (error: unknown) => done.reject(new MediaServerAway(String(error), false)),
      )
    })
    call.end(body)
    return done.promise.finally(cancel)
  }

  return {
    async ask(path, body, withinMs = ANSWER_MAX_MS) {
      const transaction = body.transaction ?? crypto.randomUUID()
      const text = JSON.stringify({ ...body, transaction, apisecret: address.secret })
      const call = request(`${address.url}${path}`, {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json' },
      })
      const answer = await exchange(call, text, withinMs)
      const message = janusMessage.safeParse(parse(answer.text))
      if (!message.success) throw new MediaServerAway(`answered ${answer.status}, not as Janus does`, true)
      return judge(message.data)
    },
    async poll(session, signal) {
      const query = new URLSearchParams({ maxev: `${EVENTS_MAX}`, apisecret: address.secret })
      const call = request(`${address.url}/${session}?${query}`, { agent, signal })
      const { status, text } = await exchange(call, undefined, POLL_MAX_MS)
      if (status === 404) throw new MediaSeatGone()
      const messages = janusMessages.safeParse(parse(text))
      if (!messages.success) throw new MediaServerAway(`answered ${status}, not as Janus does`, true)
      return messages.data
    },
    close: () => agent.destroy(),
  }
}

function judge(message: JanusMessage): JanusMessage {
  if (message.janus !== 'error') return message
  const { code = 0, reason = '' } = message.error ?? {}
  if (code === NO_SUCH_SESSION || code === NO_SUCH_HANDLE) throw new MediaSeatGone()
  if (BAD_DESCRIPTION.has(code)) throw badDescription(reason)
  throw new MediaServerAway(`refused with ${code}: ${reason}`, true)
}

export const badDescription = (reason: string): ParleyError =>
  new ParleyError('invalid_request', {
    message: 'The media server cannot read this description.',
    cause: new Error(reason),
  })

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    const some = chunk as Buffer
    bytes += some.length
    if (bytes > ANSWER_MAX_BYTES) throw new Error('the answer is too long')
    chunks.push(some)
  }
  return Buffer.concat(chunks).toString('utf8')
}
