import type { OutboxItem } from './outbox-item.ts'

/** What waits to be sent in one room. */
export interface Lane {
  /** In the order they are sent. A new array with every change. */
  items: readonly OutboxItem[]
  /** What the store is known to hold, so that an item missing there was finished by another tab. */
  readonly stored: Set<string>
  readonly saving: Map<string, Promise<void>>
  sending: boolean
  /** Something came while it was sending. */
  again: boolean
  failures: number
  cancelRetry: (() => void) | null
  cancelCheck: (() => void) | null
}

export function createLane(): Lane {
  return {
    items: [],
    stored: new Set(),
    saving: new Map(),
    sending: false,
    again: false,
    failures: 0,
    cancelRetry: null,
    cancelCheck: null,
  }
}

export function putItem(lane: Lane, item: OutboxItem): void {
  const others = lane.items.filter((one) => one.client_id !== item.client_id)
  lane.items = [...others, item].sort((a, b) => a.order - b.order)
}

export function takeItem(lane: Lane, item: OutboxItem): void {
  lane.items = lane.items.filter((one) => one.client_id !== item.client_id)
}

export function nextToSend(lane: Lane): OutboxItem | undefined {
  return lane.items.find((item) => item.sent === undefined && item.error === undefined && !item.elsewhere)
}

export function isIdle(lane: Lane): boolean {
  return lane.items.length === 0 && !lane.sending && lane.saving.size === 0
}
