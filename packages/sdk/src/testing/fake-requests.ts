/** How the stand-in server answers request frames. */
import {
  type ClientFrame,
  type ErrorCode,
  errorCatalogue,
  isErrorCode,
  type ServerFrame,
} from '@parley/protocol'
import type { FakeRoom } from './fake-room.ts'
import type { FakeServer } from './fake-server.ts'

const failed = (id: number, code: ErrorCode, extra: object = {}): ServerFrame => ({
  t: 'error',
  id,
  code,
  message: errorCatalogue[code].message,
  retryable: errorCatalogue[code].retryable,
  ...extra,
})

/** Null: no answer. */
export function answerFrame(server: FakeServer, user: string, frame: ClientFrame): ServerFrame | null {
  if (frame.t === 'typing') {
    server.publish(server.room(frame.room), { t: 'typing', room: frame.room, user, expires_ms: 6_000 })
    return null
  }
  const id = frame.id ?? 0
  const planned = server.failNext(frame.t)
  if (planned !== undefined) return failed(id, planned.code, planned.extra)
  const answer = answerRequest(server, user, frame)
  if (isErrorCode(answer)) return failed(id, answer)
  return { t: 'ok', id, ...answer } as ServerFrame
}

type Answer = object | ErrorCode

function answerRequest(
  server: FakeServer,
  user: string,
  frame: Exclude<ClientFrame, { t: 'typing' }>,
): Answer {
  switch (frame.t) {
    case 'auth':
      return {}
    case 'ping':
      return { cursor: server.cursor }
    case 'presence':
      return { state: frame.state }
    case 'watch':
      return { presence: frame.users.map((one) => ({ user: one, state: 'online' as const })) }
    case 'rooms':
      return server.roomPage(user, frame.next)
    case 'call':
      // Nobody calls anybody here.
      return 'unavailable'
    case 'log':
      return { rooms: frame.rooms.map((one) => readLog(server, user, one, frame.limit ?? 50)) }
    default:
      return answerInRoom(server, user, frame)
  }
}

function readLog(
  server: FakeServer,
  user: string,
  { room, after }: { room: string; after: number },
  limit: number,
) {
  const found = server.rooms.get(room)
  if (found === undefined || !found.members.has(user)) {
    return { room, error: { code: 'not_found' as const, message: 'none' } }
  }
  const from = Math.max(after, found.firstSeq - 1)
  const entries = found.log.slice(from, from + limit)
  return { room, entries, head_seq: found.head, first_seq: found.firstSeq, more: from + limit < found.head }
}

type InRoom = Exclude<
  ClientFrame,
  { t: 'typing' | 'auth' | 'ping' | 'presence' | 'watch' | 'rooms' | 'log' | 'call' }
>

function answerInRoom(server: FakeServer, user: string, frame: InRoom): Answer {
  const room = server.rooms.get(frame.room)
  const member = room?.members.get(user)
  if (room === undefined || member === undefined) return 'not_found'
  if (frame.t === 'mark') {
    member.read = Math.max(member.read, Math.min(frame.read ?? 0, room.head))
    member.delivered = Math.max(member.delivered, member.read, Math.min(frame.delivered ?? 0, room.head))
    const marks = { delivered: member.delivered, read: member.read }
    server.publish(room, { t: 'marks', room: room.id, user, ...marks }, user)
    return { ...marks, unread: room.unread(user) }
  }
  return append(server, user, room, frame)
}

function append(
  server: FakeServer,
  user: string,
  room: FakeRoom,
  frame: Exclude<InRoom, { t: 'mark' }>,
): Answer {
  const known = room.known(user, frame.client_id)
  if (known !== undefined) return { room: room.id, seq: known.seq, at: known.at }
  if (frame.t === 'send') {
    const { client_id, body, reply_to, file_ids = [] } = frame
    const files = file_ids.flatMap((id) => server.files.stored.get(id) ?? [])
    if (files.length < file_ids.length) return 'not_found'
    const entry = {
      kind: 'message',
      from: user,
      client_id,
      body,
      ...(reply_to === undefined ? {} : { reply_to }),
      ...(files.length === 0 ? {} : { files }),
    } as const
    const { seq, at } = server.append(room, entry)
    return { room: room.id, seq, at }
  }
  if (frame.t === 'react') {
    const already = room.reacted(frame.target, frame.emoji, user)
    if (already !== undefined) return { room: room.id, seq: already.seq }
  }
  const { t, id: _id, room: _room, ...rest } = frame
  const { seq } = server.append(room, { kind: t, from: user, ...rest })
  return { room: room.id, seq }
}
