/** One line of a room's log: as a row, as the contract's shape, as the frame that goes to every receiver. */
import type { EntryEvent } from '@parley/contracts'
import type { Entry, EntryKind, FileShape, Role } from '@parley/protocol'
import type { CallLineShape } from '@parley/protocol/calls'

/** What only some kinds have. */
export interface EntryData {
  reply_to?: number
  mentions?: string[]
  files?: FileShape[]
  emoji?: string
  user?: string
  role?: Role
  name?: string
  call?: CallLineShape
}

export interface EntryRow {
  room_id: string
  seq: number
  kind: EntryKind
  sender: string
  client_id: string | null
  at: Date
  body: string | null
  target: number | null
  data: EntryData | null
  redacted: boolean
}

export const ENTRY_COLUMNS = 'room_id, seq, kind, sender, client_id, at, body, target, data, redacted'

export function toEntry(row: EntryRow): Entry {
  const { room_id, seq, kind, sender, data } = row
  const entry: Entry = { room: room_id, seq, kind, from: sender, at: row.at.getTime() }
  if (row.client_id !== null) entry.client_id = row.client_id
  if (row.target !== null) entry.target = row.target
  if (kind === 'message' || kind === 'edit') entry.body = row.body ?? ''
  if (data !== null) Object.assign(entry, row.redacted ? withoutContent(data) : data)
  if (row.redacted) entry.redacted = true
  return entry
}

/** A deletion keeps the place in the conversation, nothing of what was said. */
function withoutContent(data: EntryData): EntryData {
  return data.reply_to === undefined ? {} : { reply_to: data.reply_to }
}

/** Builds the wire frame once for all receivers. */
export function toEvent(entry: Entry): EntryEvent {
  const event: EntryEvent = {
    seq: entry.seq,
    kind: entry.kind,
    frame: JSON.stringify({ t: 'entry', ...entry }),
  }
  if ((entry.kind === 'join' || entry.kind === 'leave') && entry.user !== undefined) event.user = entry.user
  return event
}
