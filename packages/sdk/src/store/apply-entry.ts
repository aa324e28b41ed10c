/**
 * The client's fold of a room's log: old state and one entry give new state, and the result is what a fresh fetch would
 * answer (a property test holds it against a model of the server). Pure; entries must come in order, each once.
 */
import type { Entry, Message, Reaction, Room } from '@parley/protocol'
import type { TimelineNotice } from '../api.ts'
import { type CallNotice, toCallNotice } from './fold-calls.ts'

/** What a window keeps besides messages. */
export type WindowNotice = TimelineNotice | CallNotice

export function toMessage(entry: Entry): Message {
  const message: Message = {
    room: entry.room,
    seq: entry.seq,
    from: entry.from,
    at: entry.at,
    client_id: entry.client_id ?? '',
    body: entry.body ?? '',
    reactions: [],
  }
  if (entry.reply_to !== undefined) message.reply_to = entry.reply_to
  if (entry.redacted) return { ...message, body: '', deleted: true }
  if (entry.files !== undefined) message.files = entry.files
  if (entry.mentions !== undefined) message.mentions = entry.mentions
  return message
}

/** Applies an entry whose `target` is this message. Returns the same object when nothing changes. */
export function applyToMessage(message: Message, entry: Entry, me: string): Message {
  // What was deleted stays so; nothing else about it is told any more.
  if (message.deleted) return message
  switch (entry.kind) {
    case 'edit':
      return entry.redacted ? message : applyEdit(message, entry)
    case 'delete':
      return applyDelete(message)
    case 'react':
    case 'unreact': {
      const reactions = changeReaction(message.reactions, entry.emoji ?? '', entry.kind, entry.from === me)
      return reactions === message.reactions ? message : { ...message, reactions }
    }
    case 'pin':
      return message.pinned ? message : { ...message, pinned: true }
    case 'unpin': {
      const { pinned, ...rest } = message
      return pinned ? rest : message
    }
    default:
      return message
  }
}

function applyEdit(message: Message, entry: Entry): Message {
  const { mentions: _old, ...rest } = message
  const edited: Message = { ...rest, body: entry.body ?? '', edited_at: entry.at }
  return entry.mentions === undefined ? edited : { ...edited, mentions: entry.mentions }
}

/** Place, author and time stay, for the conversation around it. */
function applyDelete({ room, seq, from, at, client_id, reply_to }: Message): Message {
  const message: Message = { room, seq, from, at, client_id, body: '', reactions: [], deleted: true }
  return reply_to === undefined ? message : { ...message, reply_to }
}

/** Ordered by emoji, as the server answers. */
function changeReaction(
  reactions: Reaction[],
  emoji: string,
  kind: 'react' | 'unreact',
  mine: boolean,
): Reaction[] {
  const old = reactions.find((reaction) => reaction.emoji === emoji)
  const step = kind === 'react' ? 1 : -1
  // One's own is a fact that cannot happen twice.
  if (mine && (old?.mine ?? false) === (kind === 'react')) return reactions
  const count = (old?.count ?? 0) + step
  const others = reactions.filter((reaction) => reaction !== old)
  if (count <= 0) return others.length === reactions.length ? reactions : others
  const changed = { emoji, count, mine: mine ? kind === 'react' : (old?.mine ?? false) }
  return [...others, changed].sort((a, b) => (a.emoji < b.emoji ? -1 : 1))
}

const NOTICE_KINDS: ReadonlySet<string> = new Set(['join', 'leave', 'role', 'rename', 'pin', 'unpin'])

export function toNotice(entry: Entry): WindowNotice | null {
  if (entry.kind === 'call') return toCallNotice(entry)
  if (!NOTICE_KINDS.has(entry.kind)) return null
  const { seq, from, at, user, role, name, target } = entry
  return {
    key: `n:${seq}`,
    seq,
    kind: entry.kind as TimelineNotice['kind'],
    from,
    at,
    ...(user === undefined ? {} : { user }),
    ...(role === undefined ? {} : { role }),
    ...(name === undefined ? {} : { name }),
    ...(target === undefined ? {} : { target }),
  }
}

export interface AppliedRoom {
  readonly room: Room
  /** The newest message was deleted: which one is newest now only the server knows. */
  readonly stale: boolean
}

/** The facts of the room list. Unread is not among them: it depends on what was read meanwhile. */
export function applyToRoom(room: Room, entry: Entry, me: string): AppliedRoom {
  const next: Room = { ...room, head_seq: entry.seq, last_at: entry.at }
  let stale = false
  switch (entry.kind) {
    case 'message':
      if (!entry.redacted) next.last_message = toMessage(entry)
      break
    case 'join':
      next.member_count++
      break
    case 'leave':
      next.member_count = Math.max(0, next.member_count - 1)
      break
    case 'rename':
      if (entry.name !== undefined) next.name = entry.name
      break
    case 'role':
      applyRole(next, entry, me)
      break
    default:
      if (room.last_message === undefined || entry.target !== room.last_message.seq) break
      next.last_message = applyToMessage(room.last_message, entry, me)
      stale = entry.kind === 'delete'
      if (stale) delete next.last_message
  }
  return { room: next, stale }
}

function applyRole(room: Room, entry: Entry, me: string): void {
  if (entry.role === undefined) return
  if (entry.user === me && room.me !== undefined) room.me = { ...room.me, role: entry.role }
  if (entry.role === 'owner' && entry.user !== undefined) room.owner_id = entry.user
}
