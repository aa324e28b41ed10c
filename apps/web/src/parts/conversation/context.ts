import type { Role, Room, RoomKind } from '@parley/protocol'
import type { TimelineMessage } from '@parley/sdk/api'
import { createContext, use } from 'react'

/** What one may do in this room; the server decides anew each time. */
export interface Rights {
  readonly write: boolean
  /** Deletes what others wrote, names the room, looks after its members. */
  readonly moderate: boolean
  readonly pin: boolean
}

export function rightsOf(kind: RoomKind, role: Role | undefined): Rights {
  const write = role !== undefined && role !== 'reader'
  const moderate = kind !== 'direct' && (role === 'owner' || role === 'admin')
  return { write, moderate, pin: write && (kind !== 'public' || moderate) }
}

/** What messages, composer and details ask of the conversation; stays the same while the room's facts change. */
export interface Conversation {
  readonly room: string
  readonly kind: Room['kind']
  readonly rights: Rights
  reply(message: TimelineMessage): void
  edit(message: TimelineMessage): void
  askDelete(message: TimelineMessage): void
  /** Shows a message of this room, wherever it is, and marks it for a moment. */
  goTo(seq: number): void
}

export const ConversationContext = createContext<Conversation | null>(null)

export function useConversation(): Conversation {
  const conversation = use(ConversationContext)
  if (conversation === null) throw new Error('This is part of a conversation.')
  return conversation
}
