/** The stand-by link: the same connection over server-sent events, or over one long answer where even those are held up. */
import type { ServerResponse } from 'node:http'
import type { GatewayService } from '@parley/contracts'
import {
  type CloseReason,
  closeCodes,
  POLL_MAX_MS,
  type ServerFrame,
  STREAM_COMMENT_MS,
} from '@parley/protocol'
import type { StreamDoor } from '../shared/stream-door.ts'
import type { Principal } from '../shared/token-verifier.ts'
import type { Burst } from './burst.ts'
import type { Connection } from './connection.ts'
import { forwardFrame } from './forward-frame.ts'
import type { GatewayParts } from './gateway-parts.ts'
import type { Link } from './link.ts'
import { identify, openConnection, sayHello } from './open-connection.ts'
import { answerRequest, toErrorFrame, validateFrame } from './requests.ts'

/** For the last event to arrive. */
const CLOSE_GRACE_MS = 5_000
/** Requests may still come for a poll that was just answered. */
const POLL_SESSION_LINGER_MS = 60_000

export function createStreamDoor(
  parts: GatewayParts,
  createConnection: (link: Link) => Connection,
  draining: () => boolean,
): { readonly door: StreamDoor; readonly peer: GatewayService } {
  /** By session; an answered poll stays for a while. */
  const connections = new Map<string, Connection>()

  function register(link: Link, reply: ServerResponse, lingerMs: number): Connection {
    const connection = createConnection(link)
    connections.set(connection.id, connection)
    reply.once('close', () => {
      connection.ended()
      if (lingerMs === 0) connections.delete(connection.id)
      else parts.clock.after(lingerMs, () => connections.delete(connection.id))
    })
    return connection
  }

  /** Null when this gateway has no such session of this user. */
  async function take(user: string, session: string, value: unknown): Promise<object | null> {
    const connection = connections.get(session)
    if (connection?.principal === undefined || connection.principal?.user !== user) return null
    try {
      const parsed = validateFrame(value)
      if (parsed.type === 'auth') {
        const renewed = await identify(parts.verifier, (parsed.frame as { token: string }).token)
        if (renewed.user !== user) return null
        connection.principal = renewed
        return { t: 'ok', id: parsed.id ?? 0 }
      }
      return (
        (await answerRequest(parts, { user, connection }, parsed)) ?? {
          t: 'ok',
          id: parsed.id ?? 0,
        }
      )
    } catch (error) {
      return toErrorFrame(error, (error as { requestId?: number }).requestId)
    }
  }

  const door: StreamDoor = {
    open(_request, reply, principal, query) {
      if (draining()) return refuseWhileDraining(reply)
      if (query.poll) {
        const link = new PollLink(reply)
        void poll(parts, register(link, reply, POLL_SESSION_LINGER_MS), link, principal, query.resume)
      } else {
        const link = new StreamLink(reply, parts)
        const connection = register(link, reply, 0)
        sayHello(connection, false, connection.id)
        void openConnection(parts, connection, principal, query.resume)
      }
    },
    async request({ user }, session, frame) {
      return (await take(user, session, frame)) ?? forwardFrame(parts, user, session, frame)
    },
  }
  const peer: GatewayService = {
    async takeFrame({ user, session, frame }) {
      const answer = await take(user, session, frame)
      return { answer: answer as Record<string, unknown> | null }
    },
  }
  return { door, peer }
}

function refuseWhileDraining(reply: ServerResponse): void {
  reply.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1', connection: 'close' })
  reply.end(JSON.stringify({ error: toErrorFrame(undefined, undefined) }))
}

class StreamLink implements Link {
  readonly answersPing = false
  readonly #reply: ServerResponse
  readonly #clock: GatewayParts['clock']

  constructor(reply: ServerResponse, { clock }: GatewayParts) {
    this.#reply = reply
    this.#clock = clock
    reply.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      connection: 'keep-alive',
    })
    reply.flushHeaders()
    reply.socket?.setKeepAlive(true, STREAM_COMMENT_MS)
    this.#comment()
  }

  get waitingBytes(): number {
    return this.#reply.writableLength
  }

  write(bursts: readonly Burst[]): void {
    if (this.#reply.writableEnded) return
    this.#reply.cork()
    for (const burst of bursts) this.#reply.write(burst.events)
    this.#reply.uncork()
  }

  close(reason: CloseReason): void {
    if (this.#reply.writableEnded) return
    // Who does not read would keep what waits for ever: HTTP knows no deadline for taking an answer.
    if (reason === 'slow_consumer') this.terminate()
    else this.#reply.end(`data: ${JSON.stringify(closeFrame(reason))}\n\n`)
    this.#clock.after(CLOSE_GRACE_MS, () => this.terminate())
  }

  terminate(): void {
    this.#reply.destroy()
  }

  ping(): void {}

  #comment(): void {
    this.#clock.after(STREAM_COMMENT_MS, () => {
      if (this.#reply.writableEnded || this.#reply.destroyed) return
      this.#reply.write(': still here\n\n')
      this.#comment()
    })
  }
}

const closeFrame = (reason: CloseReason): ServerFrame => ({
  t: 'close',
  code: closeCodes[reason].code,
  reason,
})

/** Collects frames until there is something worth an answer. */
class PollLink implements Link {
  readonly answersPing = false
  readonly waitingBytes = 0
  readonly #reply: ServerResponse
  readonly #frames: string[] = []
  #onFrames: () => void = () => {}

  constructor(reply: ServerResponse) {
    this.#reply = reply
  }

  /** Called at every further write. */
  onFrames(handler: () => void): void {
    this.#onFrames = handler
  }

  write(bursts: readonly Burst[]): void {
    this.#frames.push(...bursts.flatMap((burst) => burst.frames))
    this.#onFrames()
  }

  answer(cursor: string): void {
    if (this.#reply.writableEnded) return
    this.#reply.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    })
    this.#reply.end(`{"frames":[${this.#frames.join(',')}],"cursor":${JSON.stringify(cursor)}}`)
  }

  get frames(): readonly string[] {
    return this.#frames
  }

  close(reason: CloseReason): void {
    this.#frames.push(JSON.stringify(closeFrame(reason)))
    this.answer('')
  }

  terminate(): void {
    this.#reply.destroy()
  }

  ping(): void {}
}

/** Answers at once when there is news since `resume`, otherwise with the first push, at the latest after `POLL_MAX_MS`. */
async function poll(
  parts: GatewayParts,
  connection: Connection,
  link: PollLink,
  principal: Principal,
  resume: string | undefined,
): Promise<void> {
  sayHello(connection, false, connection.id)
  await openConnection(parts, connection, principal, resume)
  connection.flush()
  if (connection.closed) return
  const finish = () => {
    link.answer(connection.cursor)
    connection.ended()
  }
  const ready = JSON.parse(link.frames.find((frame) => frame.startsWith('{"t":"ready"')) ?? '{}') as {
    mode?: string
    rooms?: unknown[]
    gone?: unknown[]
  }
  if (ready.mode !== 'delta' || (ready.rooms?.length ?? 0) + (ready.gone?.length ?? 0) > 0) return finish()
  const cancel = parts.clock.after(POLL_MAX_MS, finish)
  link.onFrames(() => {
    cancel()
    finish()
  })
}
