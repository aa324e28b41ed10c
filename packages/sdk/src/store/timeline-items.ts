/** What a screen shows of a room: the window, what is still in the outbox, and how far one's own messages came. */
import type { Message, Room } from '@parley/protocol'
import type { DeliveryState, RoomState, TimelineItem, TimelineMessage, TimelineNotice } from '../api.ts'
import type { OutboxItem } from '../outbox/outbox-item.ts'
import { filesOf, isUploading } from '../outbox/outbox-upload.ts'
import { FoldedCalls } from './fold-calls.ts'
import type { Window } from './window.ts'

/** The same for a message in the outbox and stored, so that a list does not see it leave and come. */
export const ownKey = (clientId: string): string => `c:${clientId}`

export interface Receipts {
  /** Furthest watermark of any other member. */
  readonly delivered: number
  readonly read: number
}

export function receiptsOf(room: Pick<Room, 'kind'> & Pick<RoomState, 'marks'>): Receipts {
  let delivered = 0
  let read = 0
  // Among strangers in a public room "somebody read it" says nothing.
  if (room.kind !== 'public') {
    for (const marks of Object.values(room.marks)) {
      delivered = Math.max(delivered, marks.delivered)
      read = Math.max(read, marks.read)
    }
  }
  return { delivered, read }
}

function deliveryOf(seq: number, receipts: Receipts): DeliveryState {
  if (seq <= receipts.read) return 'read'
  return seq <= receipts.delivered ? 'delivered' : 'sent'
}

/** Builds the items and keeps unchanged ones identical, so that a screen draws only what changed. */
export class TimelineItems {
  #messages = new WeakMap<Message, TimelineItem>()
  #notices = new WeakMap<TimelineNotice, TimelineItem>()
  #outbox = new WeakMap<OutboxItem, TimelineItem>()
  readonly #calls = new FoldedCalls()

  build(window: Window, outbox: readonly OutboxItem[], receipts: Receipts, me: string): TimelineItem[] {
    const items: TimelineItem[] = []
    const stored = new Set<string>()
    const calls = this.#calls.fold(window.notices.filter((notice) => notice.kind === 'call'))
    let next = 0
    const noticesUpTo = (seq: number) => {
      for (; ; next++) {
        const notice = window.notices[next]
        if (notice === undefined || notice.seq >= seq) return
        const item = notice.kind === 'call' ? calls.get(notice.seq) : this.#notice(notice)
        if (item !== undefined) items.push(item)
      }
    }
    for (const message of window.messages) {
      noticesUpTo(message.seq)
      const own = message.from === me
      if (own) stored.add(message.client_id)
      items.push(this.#message(message, own ? deliveryOf(message.seq, receipts) : null))
    }
    noticesUpTo(Number.POSITIVE_INFINITY)
    if (window.hasNewer) return items
    for (const item of outbox) if (!stored.has(item.client_id)) items.push(this.#waiting(item, me))
    return items
  }

  #message(message: Message, state: DeliveryState | null): TimelineItem {
    const known = this.#messages.get(message)
    if (known?.type === 'message' && known.state === state) return known
    const key = state !== null && message.client_id !== '' ? ownKey(message.client_id) : `m:${message.seq}`
    const item: TimelineItem = { type: 'message', ...message, key, state }
    this.#messages.set(message, item)
    return item
  }

  #notice(notice: TimelineNotice): TimelineItem {
    const item = this.#notices.get(notice) ?? { type: 'notice', ...notice }
    this.#notices.set(notice, item)
    return item
  }

  #waiting(waiting: OutboxItem, me: string): TimelineItem {
    const known = this.#outbox.get(waiting)
    if (known !== undefined) return known
    const { room, client_id, body, reply_to, at, sent, error, error_code } = waiting
    const item: TimelineItem = {
      type: 'message',
      key: ownKey(client_id),
      room,
      seq: sent?.seq ?? null,
      from: me,
      at: sent?.at ?? at,
      client_id,
      body,
      reactions: [],
      ...(reply_to === undefined ? {} : { reply_to }),
      ...carriedBy(waiting),
      state: sent !== undefined ? 'sent' : error !== undefined ? 'failed' : 'sending',
      ...(error === undefined ? {} : { error }),
      ...(error_code === undefined ? {} : { error_code }),
    }
    this.#outbox.set(waiting, item)
    return item
  }
}

function carriedBy(waiting: OutboxItem): Pick<TimelineMessage, 'files' | 'uploads'> {
  const { uploads = [] } = waiting
  if (!isUploading(waiting)) {
    const files = filesOf(waiting)
    return files.length === 0 ? {} : { files: [...files] }
  }
  return {
    uploads: uploads.map(({ id, name, type, bytes, file, refused }) => ({
      id,
      name,
      type,
      bytes,
      done: file !== undefined,
      ...(refused === undefined ? {} : { refused }),
    })),
  }
}
