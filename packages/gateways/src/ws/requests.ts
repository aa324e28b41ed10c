/** What each request of the wire asks of the services. One line a verb: no business rule lives here. */
import { type CallContext, noTracer, type Span } from '@parley/contracts'
import {
  type Answers,
  type ClientFrameType,
  type ErrorFrame,
  LIST_DEFAULT_ITEMS,
  LIST_MAX_ITEMS,
  type OkFrame,
  ParleyError,
} from '@parley/protocol'
import { clientFrames } from '@parley/protocol/frames'
import type { z } from 'zod'
import { askOfCall } from './call-requests.ts'
import type { Connection } from './connection.ts'
import type { GatewayParts } from './gateway-parts.ts'

/** `auth` is not here: it belongs to the link that carries it. */
export type RequestType = Exclude<ClientFrameType, 'auth'>
type Frame<T extends RequestType> = z.output<(typeof clientFrames)[T]>

/** Who asks; over the stand-by link the connection may sit on another gateway. */
export interface Asker {
  readonly user: string
  readonly connection: Connection
  /** For calls, where the request is recorded. */
  readonly context?: CallContext
}

type Handler<T extends RequestType> = (
  parts: GatewayParts,
  asker: Asker,
  frame: Frame<T>,
) => Promise<Answers[T]>

const inRoom = (asker: Asker, frame: { room: string }) => ({ user: asker.user, room: frame.room })
const onMessage = (
  asker: Asker,
  frame: { room: string; target: number; client_id?: string | undefined },
) => ({
  ...inRoom(asker, frame),
  target: frame.target,
  ...(frame.client_id === undefined ? {} : { client_id: frame.client_id }),
})
const place = ({ entry }: { entry: { room: string; seq: number } }) => ({ room: entry.room, seq: entry.seq })

const handlers: { readonly [T in RequestType]: Handler<T> } = {
  async send({ rooms }, asker, { id: _id, ...frame }) {
    const { entry } = await rooms.sendMessage({ ...frame, user: asker.user }, asker.context)
    return { room: entry.room, seq: entry.seq, at: entry.at }
  },
  edit: async ({ rooms }, asker, frame) =>
    place(await rooms.editMessage({ ...onMessage(asker, frame), body: frame.body }, asker.context)),
  delete: async ({ rooms }, asker, frame) =>
    place(await rooms.deleteMessage(onMessage(asker, frame), asker.context)),
  react: async ({ rooms }, asker, frame) =>
    place(await rooms.react({ ...onMessage(asker, frame), emoji: frame.emoji }, asker.context)),
  unreact: async ({ rooms }, asker, frame) =>
    place(await rooms.unreact({ ...onMessage(asker, frame), emoji: frame.emoji }, asker.context)),
  pin: async ({ rooms }, asker, frame) => place(await rooms.pin(onMessage(asker, frame), asker.context)),
  unpin: async ({ rooms }, asker, frame) => place(await rooms.unpin(onMessage(asker, frame), asker.context)),
  async log({ rooms }, asker, frame) {
    const answer = await rooms.readLog({
      user: asker.user,
      rooms: frame.rooms,
      limit: frame.limit ?? LIST_DEFAULT_ITEMS,
    })
    return { rooms: answer.rooms as Answers['log']['rooms'] }
  },
  async rooms({ rooms }, asker, frame) {
    const { rooms: list, next } = await rooms.listRooms({
      user: asker.user,
      limit: LIST_MAX_ITEMS,
      ...(frame.next === undefined ? {} : { cursor: frame.next }),
    })
    return { rooms: list, ...(next === undefined ? {} : { next }) }
  },
  async mark({ rooms, notifications, log }, asker, frame) {
    const place = inRoom(asker, frame)
    const answer = await rooms.mark({
      ...place,
      ...(frame.delivered === undefined ? {} : { delivered: frame.delivered }),
      ...(frame.read === undefined ? {} : { read: frame.read }),
    })
    // Nobody waits for it: what is lost here the next look at the inbox finds out.
    if (frame.read !== undefined)
      notifications.followRead({ ...place, read: answer.read }).catch((error: unknown) => {
        log.debug({ room: frame.room, error: String(error) }, 'inbox not told what was read')
      })
    return answer
  },
  async typing({ hub }, asker, frame) {
    hub.typing(asker.connection, frame.room)
    return {}
  },
  async watch({ hub, sessions }, asker, frame) {
    await hub.watch(asker.connection, frame.users)
    return sessions.getPresence({ users: frame.users })
  },
  presence({ sessions }, asker, frame) {
    asker.connection.away = frame.state === 'away'
    return sessions.setState({ id: asker.connection.id, user: asker.user, state: frame.state })
  },
  async call({ calls, notifications, log }, asker, frame) {
    const answer = await askOfCall(calls, asker, frame)
    // Nobody waits for it: what is lost here is over with the ringing.
    if (frame.op === 'decline')
      notifications.endRing({ user: asker.user, call: frame.call }).catch((error: unknown) => {
        log.debug({ call: frame.call, error: String(error) }, 'devices not told that a call was declined')
      })
    return answer
  },
  async ping({ rooms }, asker) {
    const { cursor } = await rooms.currentCursor({})
    // Never hand out less than what `ready` covered, nor more than repair may still be working on.
    if (cursor !== null && isYounger(cursor, asker.connection.cursor)) asker.connection.cursor = cursor
    return { cursor: asker.connection.cursor }
  },
}

function isYounger(cursor: string, than: string): boolean {
  const [epoch = '', xmin = '0'] = cursor.split('.')
  const [otherEpoch = '', otherXmin = '0'] = than.split('.')
  return epoch === otherEpoch && BigInt(xmin) > BigInt(otherXmin)
}

export interface ParsedFrame {
  readonly type: ClientFrameType
  readonly id: number | undefined
  readonly frame: unknown
}

/** Throws `invalid_json` or `invalid_request`; the error knows the request's id if it could be read. */
export function parseFrame(text: string): ParsedFrame {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new FrameError('invalid_json', undefined)
  }
  return validateFrame(value)
}

export function validateFrame(value: unknown): ParsedFrame {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FrameError('invalid_request', undefined, { frame: 'is not an object' })
  const { t, id } = value as { t?: unknown; id?: unknown }
  const readableId = typeof id === 'number' && Number.isSafeInteger(id) ? id : undefined
  if (typeof t !== 'string' || !Object.hasOwn(clientFrames, t))
    throw new FrameError('invalid_request', readableId, { t: 'is not a known type' })
  const type = t as ClientFrameType
  const parsed = clientFrames[type].safeParse(value)
  if (!parsed.success) {
    throw new FrameError(
      'invalid_request',
      readableId,
      Object.fromEntries(parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message])),
    )
  }
  return { type, id: readableId, frame: parsed.data }
}

export class FrameError extends ParleyError {
  readonly requestId: number | undefined

  constructor(
    code: 'invalid_json' | 'invalid_request',
    requestId: number | undefined,
    fields?: Record<string, string>,
  ) {
    super(code, fields === undefined ? {} : { details: { fields } })
    this.requestId = requestId
  }
}

export function toErrorFrame(error: unknown, id: number | undefined): ErrorFrame {
  const known =
    error instanceof ParleyError
      ? error
      : new ParleyError('unavailable', { cause: error, retryAfterMs: 1_000 })
  return {
    t: 'error',
    ...(id === undefined ? {} : { id }),
    code: known.code,
    message: known.message,
    retryable: known.retryable,
    ...(known.retryAfterMs === undefined ? {} : { retry_after_ms: known.retryAfterMs }),
    ...(known.details === undefined ? {} : { details: known.details }),
  }
}

/** Answers one request; never throws. `null` for what wants no answer. */
export async function answerRequest(
  parts: GatewayParts,
  asker: Asker,
  parsed: ParsedFrame,
): Promise<OkFrame | ErrorFrame | null> {
  const type = parsed.type as RequestType
  const span = RECORDED.has(type) ? (parts.tracer ?? noTracer).begin(`ws ${type}`) : undefined
  try {
    const handler = handlers[type] as Handler<RequestType>
    const answer = await handler(parts, inJourney(asker, span), parsed.frame as Frame<RequestType>)
    if (span !== undefined) endWell(span, answer)
    return parsed.id === undefined || type === 'typing' ? null : { t: 'ok', id: parsed.id, ...answer }
  } catch (error) {
    span?.end(error)
    if (!(error instanceof ParleyError))
      parts.log.error(
        {
          connection: asker.connection.id,
          type,
          error: error instanceof Error ? error.stack : String(error),
        },
        'request failed',
      )
    return type === 'typing' ? null : toErrorFrame(error, parsed.id)
  }
}

/** What writes to a room's log: the journeys worth a trace. */
const RECORDED: ReadonlySet<RequestType> = new Set([
  'send',
  'edit',
  'delete',
  'react',
  'unreact',
  'pin',
  'unpin',
])

function inJourney(asker: Asker, span: Span | undefined): Asker {
  return span === undefined ? asker : { ...asker, context: { requestId: '', trace: span.trace } }
}

function endWell(span: Span, answer: object): void {
  const { room, seq } = answer as { room?: string; seq?: number }
  if (room !== undefined && seq !== undefined) span.set({ 'parley.room': room, 'parley.seq': seq })
  span.end()
}
