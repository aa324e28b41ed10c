/** What a device is told, as far as its owner's setting allows; the shape of the payload is that of the protocol. */
import type { Notification, NotificationKind, PushContent } from '@parley/protocol'
import type { CallMedia } from '@parley/protocol/calls'

/** Encrypted for one device. What the setting does not allow is absent, not empty. */
export interface PushPayload {
  readonly type: 'show' | 'clear'
  readonly room: string
  readonly language: string
  /** Of `show`: the inbox item, and what its notification replaces is older than `at`. */
  readonly id?: string
  readonly seq?: number
  /** `ring`: a call rings, which is no item. A `clear` of that kind takes back that alone. */
  readonly kind?: NotificationKind | 'ring'
  /** Of `ring` and `call`. */
  readonly media?: CallMedia
  readonly at?: number
  /** Unread items of this room. */
  readonly count?: number
  /** Display name of who did it. */
  readonly from?: string
  /** Name of the room, absent for direct ones. */
  readonly room_name?: string
  readonly text?: string
}

export interface ShowFacts {
  readonly item: Omit<Notification, 'preview' | 'read_at'>
  readonly count: number
  readonly language: string
  readonly senderName: string
  readonly roomName: string | undefined
  readonly text: string
}

export function composeShow(facts: ShowFacts, content: PushContent): PushPayload {
  const { id, room, seq, kind, at, media } = facts.item
  return {
    type: 'show',
    room,
    language: facts.language,
    id,
    seq,
    kind,
    at,
    count: facts.count,
    ...(media === undefined ? {} : { media }),
    ...(content === 'none' ? {} : { from: facts.senderName }),
    ...(content === 'full'
      ? { text: facts.text, ...(facts.roomName === undefined ? {} : { room_name: facts.roomName }) }
      : {}),
  }
}

export interface RingFacts {
  readonly room: string
  readonly seq: number
  readonly at: number
  readonly media: CallMedia
  readonly language: string
  readonly senderName: string
  readonly roomName: string | undefined
}

export function composeRing(facts: RingFacts, content: PushContent): PushPayload {
  const { room, seq, at, media, language, senderName, roomName } = facts
  return {
    type: 'show',
    room,
    language,
    seq,
    kind: 'ring',
    at,
    media,
    ...(content === 'none' ? {} : { from: senderName }),
    ...(content === 'full' && roomName !== undefined ? { room_name: roomName } : {}),
  }
}
