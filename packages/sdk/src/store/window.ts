/** A stretch of a room's history in memory, and what entries do to it. Pure. */
import type { Entry, Message } from '@parley/protocol'
import { applyToMessage, toMessage, toNotice, type WindowNotice } from './apply-entry.ts'

/** Ascending by seq. */
export interface Window {
  readonly messages: readonly Message[]
  readonly notices: readonly WindowNotice[]
  readonly hasOlder: boolean
  /** While there is newer history that is not loaded, new messages are not appended. */
  readonly hasNewer: boolean
}

export const EMPTY_WINDOW: Window = { messages: [], notices: [], hasOlder: false, hasNewer: true }

/** Beyond this the far side is let go, to be loaded again when one scrolls back. */
export const WINDOW_MAX_MESSAGES = 1_000

export function applyToWindow(window: Window, entry: Entry, me: string): Window {
  if (entry.kind === 'message') return appendMessage(window, toMessage(entry))
  const notice = toNotice(entry)
  const noticed = notice === null ? window : appendNotice(window, notice)
  return entry.target === undefined ? noticed : changeTarget(noticed, entry.target, entry, me)
}

function appendMessage(window: Window, message: Message): Window {
  if (window.hasNewer || message.seq <= (window.messages.at(-1)?.seq ?? 0)) return window
  return trimOlder({ ...window, messages: [...window.messages, message] })
}

function appendNotice(window: Window, notice: WindowNotice): Window {
  if (window.hasNewer || notice.seq <= (window.notices.at(-1)?.seq ?? 0)) return window
  return { ...window, notices: [...window.notices, notice] }
}

function changeTarget(window: Window, target: number, entry: Entry, me: string): Window {
  const index = findSeq(window.messages, target)
  const old = window.messages[index]
  if (old === undefined) return window
  const changed = applyToMessage(old, entry, me)
  return changed === old ? window : { ...window, messages: window.messages.with(index, changed) }
}

/** Index of this seq, or -1. */
function findSeq(messages: readonly Message[], seq: number): number {
  let low = 0
  let high = messages.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = messages[middle]?.seq ?? 0
    if (found === seq) return middle
    if (found < seq) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** History before `first` is gone for ever, and leaves the screen. */
export function cutWindow(window: Window, first: number): Window {
  const isBelow = ({ seq }: { readonly seq: number }) => seq < first
  if (!window.messages.some(isBelow) && !window.notices.some(isBelow)) return window
  return {
    ...window,
    messages: window.messages.filter((message) => !isBelow(message)),
    notices: window.notices.filter((notice) => !isBelow(notice)),
    hasOlder: false,
  }
}

export function joinOlder(window: Window, older: Window): Window {
  const joined = {
    messages: [...older.messages, ...window.messages],
    notices: mergeNotices(older.notices, window.notices),
    hasOlder: older.hasOlder,
    hasNewer: window.hasNewer,
  }
  return joined.messages.length <= WINDOW_MAX_MESSAGES ? joined : trimNewer(joined)
}

export function joinNewer(window: Window, newer: Window): Window {
  return trimOlder({
    messages: [...window.messages, ...newer.messages],
    notices: mergeNotices(window.notices, newer.notices),
    hasOlder: window.hasOlder,
    hasNewer: newer.hasNewer,
  })
}

function mergeNotices(first: readonly WindowNotice[], second: readonly WindowNotice[]): WindowNotice[] {
  const bySeq = new Map([...first, ...second].map((notice) => [notice.seq, notice]))
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}

function trimOlder(window: Window): Window {
  if (window.messages.length <= WINDOW_MAX_MESSAGES) return window
  const messages = window.messages.slice(-WINDOW_MAX_MESSAGES)
  const from = messages[0]?.seq ?? 0
  return { ...window, messages, notices: window.notices.filter(({ seq }) => seq >= from), hasOlder: true }
}

function trimNewer(window: Window): Window {
  const messages = window.messages.slice(0, WINDOW_MAX_MESSAGES)
  const upTo = messages.at(-1)?.seq ?? 0
  return { ...window, messages, notices: window.notices.filter(({ seq }) => seq <= upTo), hasNewer: true }
}
