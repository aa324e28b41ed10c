/** What travels on the bus, by topic. Everything here is a hint: what is stored is the fact. */
import type { EntryKind, Notification, Presence, Room } from '@parley/protocol'
import type { CallShape, MediaTold, Standing } from '@parley/protocol/calls'

export const roomTopic = (room: string): string => `room:${room}`
export const userTopic = (user: string): string => `user:${user}`
export const presenceTopic = (user: string): string => `presence:${user}`
/** Something was revoked: ask auth at once instead of at the next poll. */
export const REVOCATIONS_TOPIC = 'revocations'
/** A publisher's connection was cut: what it said may have reached nobody. */
export const LOSSES_TOPIC = 'losses'

/** One stored entry, its wire frame built once for all receivers. */
export interface EntryEvent {
  seq: number
  kind: EntryKind
  /** JSON text of the `entry` frame. */
  frame: string
  /** Who joined or left, so that gateways adjust who receives. */
  user?: string
}

export type RoomEvent =
  /** `trace`: where a recorded journey stands that one of these came from. */
  | { type: 'entries'; events: EntryEvent[]; trace?: string }
  /** The room has entries up to here; said by the relay for what a dead process may not have announced. */
  | { type: 'head'; head_seq: number }
  | { type: 'marks'; user: string; delivered: number; read: number }
  | { type: 'typing'; user: string }
  /** Facts that are not per member: `me` and `peer` are left out. */
  | { type: 'updated'; room: Room }
  | { type: 'deleted'; room: Room }
  /** Who is in the room's call now, or that it is over. */
  | { type: 'call'; call: CallShape }

export type UserEvent =
  | { type: 'added'; room: string }
  /** With the facts of the room as its former member knew them. */
  | { type: 'removed'; room: Room }
  /** What this user is in the room changed: the gateway tells it with `me`. */
  | { type: 'changed'; room: string }
  /** For one's own devices, with the unread count. */
  | { type: 'marks'; room: string; delivered: number; read: number; unread: number }
  /** A new inbox item; `version` as in the frame. */
  | { type: 'notification'; item: Notification; unread: number; version: number; alert: boolean }
  | CallEvent
  | { type: 'inbox'; read: string[] | 'all'; unread: number; version: number }

/** What a call means to one person; `endpoint` where only one of theirs is meant. */
export type CallEvent =
  | { type: 'call'; event: 'ring'; call: CallShape }
  | { type: 'call'; event: 'silence'; call: CallShape; why: Standing | 'ended' }
  | { type: 'call'; event: 'dismiss'; call: CallShape; endpoint: string }
  | { type: 'call'; event: 'signal'; id: string; from: string; endpoint: string; data: string }
  | { type: 'call'; event: 'media'; id: string; endpoint: string; generation: number; media: MediaTold }

/** `away_ms`: nothing of the publisher is sure to have arrived since that long ago. */
export interface LossesEvent {
  away_ms: number
}

export type PresenceEvent = Presence
