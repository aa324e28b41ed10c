/**
 * One room on this gateway while a connected member receives it. Entries leave here in order and once: what was
 * already pushed is dropped, and a gap is fetched from the log before what follows it goes out.
 */
import {
  type Clock,
  type EntryEvent,
  type Log,
  noTracer,
  type RoomsService,
  type Span,
  type Tracer,
} from '@parley/contracts'
import { createBurst } from './burst.ts'
import type { Connection } from './connection.ts'
import type { Flushable, Flusher } from './flusher.ts'

/** Announcements of two processes may overtake each other by a moment; only then the log is asked. */
const REORDER_WAIT_MS = 20
const REPAIR_RETRY_MS = 500
/** More than this waiting behind a gap is dropped: the repair brings it from the log anyway. */
const AHEAD_MAX_EVENTS = 1_000
/** Recorded journeys that wait for one flush; what is more ends where it arrived. */
const WAITING_MAX_SPANS = 100

export interface ChannelParts {
  readonly rooms: Pick<RoomsService, 'replay'>
  readonly flusher: Flusher
  readonly clock: Clock
  readonly log: Log
  readonly tracer?: Tracer
  /** Somebody joined or left by this entry. */
  readonly onMembership: (channel: RoomChannel, event: EntryEvent) => void
}

export class RoomChannel implements Flushable {
  readonly id: string
  readonly connections = new Set<Connection>()
  /** Resolves once the topic is subscribed. */
  subscribed: Promise<void> = Promise.resolve()
  unsubscribe: (() => void) | undefined
  /** Highest seq that went out; undefined until something tells. */
  lastSeq: number | undefined
  memberCount = 0

  readonly #parts: ChannelParts
  #pending: string[] = []
  /** Steps of recorded journeys that end when this seq was handed to every connection. */
  #spans: { readonly span: Span; readonly seq: number }[] | undefined
  #ahead = new Map<number, EntryEvent>()
  #target = 0
  #repairing = false

  constructor(id: string, parts: ChannelParts) {
    this.id = id
    this.#parts = parts
  }

  /** The room is known to have entries up to here; what is missing is fetched. */
  reach(head: number): void {
    if (this.lastSeq === undefined) this.lastSeq = head
    if (head > this.lastSeq) this.#repair(head, 0)
  }

  /** `trace`: where a recorded journey stands that brought one of them. */
  receive(events: readonly EntryEvent[], trace?: string): void {
    const span = trace === undefined ? undefined : (this.#parts.tracer ?? noTracer).step('ws push', trace)
    for (const event of events) {
      if (this.lastSeq === undefined || event.seq === this.lastSeq + 1) this.#emit(event)
      else if (event.seq > this.lastSeq) {
        if (this.#ahead.size < AHEAD_MAX_EVENTS) this.#ahead.set(event.seq, event)
        this.#repair(event.seq, REORDER_WAIT_MS)
      }
    }
    this.#drainAhead()
    if (span !== undefined) this.#endWithFlush(span, events)
  }

  #endWithFlush(span: Span, events: readonly EntryEvent[]): void {
    const seq = events.at(-1)?.seq ?? 0
    span.set({ 'parley.room': this.id, 'parley.seq': seq })
    const waits = this.#pending.length > 0 || seq > (this.lastSeq ?? 0)
    this.#spans ??= []
    if (waits && this.#spans.length < WAITING_MAX_SPANS) this.#spans.push({ span, seq })
    else span.end()
  }

  #drainAhead(): void {
    if (this.#ahead.size === 0) return
    for (;;) {
      const next = this.#ahead.get((this.lastSeq ?? 0) + 1)
      if (next === undefined) break
      this.#emit(next)
    }
    for (const seq of this.#ahead.keys()) if (seq <= (this.lastSeq ?? 0)) this.#ahead.delete(seq)
  }

  #emit(event: EntryEvent): void {
    this.lastSeq = event.seq
    if (event.user !== undefined) {
      // Who receives changes exactly here: what came before goes to the old circle, what follows to the new one.
      this.flush()
      this.#parts.onMembership(this, event)
    }
    if (this.#pending.length === 0) this.#parts.flusher.fanOut(this)
    this.#pending.push(event.frame)
    for (const connection of this.connections) if (connection.holding) this.#keep(connection, event)
  }

  #keep(connection: Connection, event: EntryEvent): void {
    connection.keep(this.id, event.seq, event.frame)
  }

  /** Hands the collected entries to every connection as one shared burst. */
  flush(): void {
    if (this.#pending.length === 0) return
    const burst = createBurst(this.#pending)
    this.#pending = []
    for (const connection of this.connections) if (!connection.holding) connection.push(burst)
    if (this.#spans !== undefined) this.#endSpans()
  }

  #endSpans(): void {
    const waiting = []
    for (const one of this.#spans ?? []) {
      if (one.seq > (this.lastSeq ?? 0)) {
        waiting.push(one)
        continue
      }
      one.span.set({ 'parley.receivers': this.connections.size })
      one.span.end()
    }
    this.#spans = waiting.length === 0 ? undefined : waiting
  }

  #repair(target: number, waitMs: number): void {
    this.#target = Math.max(this.#target, target)
    if (this.#repairing) return
    this.#repairing = true
    this.#parts.clock.after(waitMs, () => void this.#fetch())
  }

  async #fetch(): Promise<void> {
    try {
      while (this.lastSeq !== undefined && this.lastSeq < this.#target && this.connections.size > 0) {
        const after = this.lastSeq
        const { events } = await this.#parts.rooms.replay({ room: this.id, after, upto: this.#target })
        if (events.length === 0) {
          // Deleted or cut off by retention meanwhile: there is nothing to wait for.
          this.lastSeq = Math.max(this.lastSeq, this.#target)
          break
        }
        for (const event of events) if (event.seq > this.lastSeq) this.#emit(event)
        this.#drainAhead()
      }
      this.#repairing = false
    } catch (error) {
      this.#parts.log.warn({ room: this.id, error: String(error) }, 'gap not repaired; trying again')
      this.#parts.clock.after(REPAIR_RETRY_MS, () => void this.#fetch())
    }
  }
}
