/** Tells the bus what was committed. Everything said here may be lost; relay, heads and cursors repair it. */
import {
  type Bus,
  noTracer,
  type RoomEvent,
  roomTopic,
  type Tracer,
  type UserEvent,
  userTopic,
} from '@parley/contracts'
import type { Entry } from '@parley/protocol'
import { toEvent } from './entry.ts'

export interface Announcer {
  /** Entries of one room in ascending order, from one commit; `trace` if that belongs to a recorded journey. */
  entries(room: string, entries: readonly Entry[], outbox: number | null, trace?: string): void
  room(room: string, event: RoomEvent): void
  user(user: string, event: UserEvent): void
  /** Outbox rows whose announcement this process has already made; the relay need not repeat it. */
  takeAnnounced(id: number): boolean
  /** What is said now is heard. */
  readonly heard: boolean
}

/** Announced rows remembered; older ones are merely announced twice. */
const ANNOUNCED_MAX_ROWS = 50_000

export function createAnnouncer(bus: Bus, tracer: Tracer = noTracer): Announcer {
  const announced = new Set<number>()
  const room = (id: string, event: RoomEvent) => bus.publish(roomTopic(id), JSON.stringify(event))

  return {
    entries(id, entries, outbox, trace) {
      if (entries.length > 0) {
        const span = tracer.step('announce', trace)
        span?.set({ 'parley.room': id, 'parley.seq': entries.at(-1)?.seq ?? 0 })
        const events = entries.map(toEvent)
        room(id, { type: 'entries', events, ...(span === undefined ? {} : { trace: span.trace }) })
        span?.end()
      }
      // Said to nobody: the relay, of whichever process is connected, says it again.
      if (outbox === null || !bus.connected) return
      if (announced.size >= ANNOUNCED_MAX_ROWS) announced.clear()
      announced.add(outbox)
    },
    room,
    user: (id, event) => bus.publish(userTopic(id), JSON.stringify(event)),
    takeAnnounced: (id) => announced.delete(id),
    get heard() {
      return bus.connected
    },
  }
}
