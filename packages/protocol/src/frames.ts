/** What travels on a socket and on the stand-by link: one JSON object a frame, `t` says the type. */
import { z } from 'zod'
import {
  type CallShape,
  callRequest,
  type IceServer,
  type MediaServers,
  type MediaTold,
  type Standing,
} from './calls.ts'
import type { ErrorCode } from './errors.ts'
import type { PublishedLimits } from './limits.ts'
import { FILES_PER_MESSAGE_MAX, LOG_MAX_ROOMS, WATCH_MAX_USERS } from './limits.ts'
import type { Entry, Notification, Presence, PresenceState, Room, User } from './shapes.ts'
import * as shape from './shapes.ts'

/** Chosen by the client; echoed in the answer. */
const requestId = z.int()
const target = shape.seq

/** Every frame a client may send, by its type. */
export const clientFrames = {
  auth: z.object({
    id: requestId.optional(),
    token: z.string().max(4096),
    device: z.string().max(80).optional(),
    resume: z.string().max(200).optional(),
  }),
  send: z.object({
    id: requestId,
    room: shape.id,
    client_id: shape.clientId,
    body: shape.messageBody,
    reply_to: shape.seq.optional(),
    file_ids: z.array(shape.id).max(FILES_PER_MESSAGE_MAX).optional(),
  }),
  edit: z.object({
    id: requestId,
    room: shape.id,
    target,
    body: shape.messageBody,
    client_id: shape.clientId.optional(),
  }),
  delete: z.object({ id: requestId, room: shape.id, target, client_id: shape.clientId.optional() }),
  react: z.object({
    id: requestId,
    room: shape.id,
    target,
    emoji: shape.emoji,
    client_id: shape.clientId.optional(),
  }),
  unreact: z.object({
    id: requestId,
    room: shape.id,
    target,
    emoji: shape.emoji,
    client_id: shape.clientId.optional(),
  }),
  pin: z.object({ id: requestId, room: shape.id, target, client_id: shape.clientId.optional() }),
  unpin: z.object({ id: requestId, room: shape.id, target, client_id: shape.clientId.optional() }),
  log: z.object({
    id: requestId,
    rooms: z
      .array(z.object({ room: shape.id, after: shape.position }))
      .min(1)
      .max(LOG_MAX_ROOMS),
    limit: shape.listLimit.optional(),
  }),
  rooms: z.object({ id: requestId, next: shape.cursor.optional() }),
  mark: z.object({
    id: requestId,
    room: shape.id,
    delivered: shape.position.optional(),
    read: shape.position.optional(),
  }),
  typing: z.object({ id: requestId.optional(), room: shape.id }),
  watch: z.object({ id: requestId, users: z.array(shape.id).max(WATCH_MAX_USERS) }),
  /** One's own state while connected: a client says `away` when nobody has looked for a while. */
  presence: z.object({ id: requestId, state: z.enum(['online', 'away']) }),
  call: callRequest,
  ping: z.object({ id: requestId }),
} as const

export type ClientFrameType = keyof typeof clientFrames
export type ClientFrame<T extends ClientFrameType = ClientFrameType> = {
  [K in T]: { t: K } & z.input<(typeof clientFrames)[K]>
}[T]

export interface HelloFrame {
  t: 'hello'
  v: 1
  heartbeat_ms: number
  auth_required: boolean
  limits: PublishedLimits
  /** Stand-by link only: where requests go. */
  session?: string
}
export interface ReadyFrame {
  t: 'ready'
  user: User
  session: string
  cursor: string
  mode: 'snapshot' | 'delta'
  rooms: Room[]
  gone: string[]
  next?: string
}
export type EntryFrame = { t: 'entry' } & Entry
export interface RoomFrame {
  t: 'room'
  room: Room
  change: 'added' | 'removed' | 'deleted' | 'updated'
}
export interface MarksFrame {
  t: 'marks'
  room: string
  user: string
  delivered: number
  read: number
  unread?: number
}
export interface TypingFrame {
  t: 'typing'
  room: string
  user: string
  expires_ms: number
}
export type PresenceFrame = { t: 'presence' } & Presence
/** A new inbox item; nested, because pushes carry no `id` of their own. */
export interface NotificationFrame {
  t: 'notification'
  notification: Notification
  unread: number
  version: number
  /** False where its owner does not want to be disturbed now. */
  alert: boolean
}
/** Inbox items were read, here or on another device: these, or all there were. */
export interface InboxFrame {
  t: 'inbox'
  unread: number
  /** Grows with every change of the inbox: what carries a smaller one is older news. */
  version: number
  read: string[] | 'all'
}
/** `signal`, `media` and `dismiss` go to one endpoint, the others to all devices; `state` to everybody in the room. */
export type CallFrame = { t: 'call' } & (
  | { event: 'ring' | 'state'; call: CallShape }
  | { event: 'silence'; call: CallShape; why: Standing | 'ended' }
  | { event: 'dismiss'; call: CallShape; endpoint: string }
  | { event: 'signal'; call: string; from: string; endpoint: string; data: string }
  | { event: 'media'; call: string; endpoint: string; generation: number; media: MediaTold }
)
export interface GoodbyeFrame {
  t: 'goodbye'
  within_ms: number
}
/** Stand-by link only: what a socket says by its close code. */
export interface CloseFrame {
  t: 'close'
  code: number
  reason: string
}
export type PushFrame =
  | EntryFrame
  | RoomFrame
  | MarksFrame
  | TypingFrame
  | PresenceFrame
  | NotificationFrame
  | InboxFrame
  | CallFrame
  | GoodbyeFrame

export interface ErrorFrame {
  t: 'error'
  id?: number
  code: ErrorCode
  message: string
  retryable: boolean
  retry_after_ms?: number
  details?: unknown
}

export interface LogRoom {
  room: string
  entries: Entry[]
  head_seq: number
  first_seq: number
  more: boolean
}
export interface LogRoomError {
  room: string
  error: { code: ErrorCode; message: string }
}

/** What `ok` carries, by the type of the request. */
export interface Answers {
  auth: Record<never, never>
  send: { room: string; seq: number; at: number }
  edit: { room: string; seq: number }
  delete: { room: string; seq: number }
  react: { room: string; seq: number }
  unreact: { room: string; seq: number }
  pin: { room: string; seq: number }
  unpin: { room: string; seq: number }
  log: { rooms: (LogRoom | LogRoomError)[] }
  rooms: { rooms: Room[]; next?: string }
  mark: { read: number; delivered: number; unread: number }
  typing: Record<never, never>
  watch: { presence: Presence[] }
  presence: { state: PresenceState }
  /** `call` to `start`, `join` and `here`; `calls` to `list`; `sdp` to `media` that publishes; the last two to `ice`. */
  call: {
    call?: CallShape
    calls?: CallShape[]
    sdp?: string | undefined
    ice_servers?: IceServer[]
    media_servers?: MediaServers
  }
  ping: { cursor: string }
}

export type OkFrame<T extends ClientFrameType = ClientFrameType> = { t: 'ok'; id: number } & Answers[T]
export type ServerFrame = HelloFrame | ReadyFrame | PushFrame | CloseFrame | ErrorFrame | OkFrame
