import type { ErrorCode, FileShape } from '@parley/protocol'
import type { OutboxUpload } from './outbox-upload.ts'

/** A message on its way. Never changed in place: a new object is a change a screen can see. */
export interface OutboxItem {
  readonly client_id: string
  readonly room: string
  readonly body: string
  readonly reply_to?: number
  /** Uploaded already, all of them. */
  readonly files?: readonly FileShape[]
  /** Instead of `files`, when some are or were to be uploaded on the way. */
  readonly uploads?: readonly OutboxUpload[]
  /** When it was written, milliseconds since the epoch. */
  readonly at: number
  /** Sends in this order within a room; grows with each message of this device. */
  readonly order: number
  /** Why the server refused it, for a person; a refused message waits for `retry` or `discard`. */
  readonly error?: string
  readonly error_code?: ErrorCode
  /** On disk at the server; stays here until its entry has arrived, so that it never blinks. */
  readonly sent?: { readonly seq: number; readonly at: number }
  /** Another tab has finished it; its entry is on the way here. */
  readonly elsewhere?: true
}

const ORDER_DIGITS = 17

/** Keys sort as the items are to be sent. */
export const outboxPrefix = (user: string, room?: string): string =>
  room === undefined ? `outbox/${user}/` : `outbox/${user}/${room}/`

export const outboxKey = (user: string, item: OutboxItem): string =>
  `${outboxPrefix(user, item.room)}${String(item.order).padStart(ORDER_DIGITS, '0')}-${item.client_id}`

/** Undefined for what is no item, as from an older version. */
export function readOutboxItem(value: unknown): OutboxItem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const item = value as Partial<OutboxItem>
  const complete =
    typeof item.client_id === 'string' &&
    typeof item.room === 'string' &&
    typeof item.body === 'string' &&
    typeof item.at === 'number' &&
    typeof item.order === 'number'
  return complete ? (item as OutboxItem) : undefined
}
