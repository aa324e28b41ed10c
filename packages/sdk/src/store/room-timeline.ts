/** One open window on a room: loads pages, follows the log, shows the outbox. */
import { type Entry, ParleyError } from '@parley/protocol'
import type { TimelineState } from '../api.ts'
import type { Clock } from '../clock.ts'
import { backoffMs } from '../connection/backoff.ts'
import type { OutboxItem } from '../outbox/outbox-item.ts'
import { type LoadedPage, loadPage, type PageSource, type Place } from './load-page.ts'
import { OrderedLog } from './ordered-log.ts'
import type { RoomRecord } from './room-record.ts'
import { DerivedStore } from './store.ts'
import { receiptsOf, TimelineItems } from './timeline-items.ts'
import { applyToWindow, cutWindow, EMPTY_WINDOW, joinNewer, joinOlder, type Window } from './window.ts'

/** Further behind than this a fresh page is cheaper than the entries in between. */
const CATCH_UP_MAX_ENTRIES = 1_000

export interface TimelineContext {
  readonly clock: Clock
  readonly random: () => number
  readonly source: PageSource
  me(): string
  /** The room while it is mine. */
  record(): RoomRecord | undefined
  /** Whether the whole list of rooms is known, on a living connection. */
  settled(): boolean
  outbox(): readonly OutboxItem[]
  /** Entries are missing. */
  behind(): void
  /** Called when a window begins: whoever fills in receipts may start. */
  opened(): void
}

export class RoomTimeline {
  readonly state: DerivedStore<TimelineState>
  readonly #context: TimelineContext
  readonly #items = new TimelineItems()
  readonly #taps = new Set<Entry[]>()
  #window: Window = EMPTY_WINDOW
  #status: TimelineState['status'] = 'loading'
  #log: OrderedLog | null = null
  /** What the window should show once it can be loaded; null when it is loaded. */
  #wanted: Place | null = { kind: 'latest' }
  #opening: Promise<void> | null = null
  /** A load that began before this number changed is no longer wanted. */
  #generation = 0
  #older: Promise<void> | null = null
  #newer: Promise<void> | null = null
  #failures = 0
  #cancelRetry: (() => void) | null = null
  #closed = false

  constructor(context: TimelineContext) {
    this.#context = context
    this.state = new DerivedStore(() => this.#build())
    this.proceed()
  }

  /** Position of the log in this window; null before the first page. */
  get position(): number | null {
    return this.#log?.position ?? null
  }

  /** Position from which entries are missing; null when none are. */
  get missing(): number | null {
    return this.#log?.behind ? this.#log.position : null
  }

  open(place: Place): Promise<void> {
    this.#generation++
    this.#wanted = place
    this.#status = 'loading'
    this.#failures = 0
    this.#opening = null
    this.state.invalidate()
    this.proceed()
    return this.#opening ?? Promise.resolve()
  }

  /** Loads what is wanted, if that is possible now: the room is known and its entries are being received. */
  proceed(): void {
    if (this.#closed || this.#wanted === null || this.#opening !== null) return
    this.#cancelRetry?.()
    this.#cancelRetry = null
    if (!this.#context.settled()) return
    const record = this.#context.record()
    if (record === undefined) {
      this.#fail()
      return
    }
    const generation = this.#generation
    this.#context.opened()
    this.#opening = this.#load(this.#wanted, record).then(
      (page) => this.#opened(generation, page),
      (error: unknown) => this.#failed(generation, error),
    )
  }

  #opened(generation: number, page: LoadedPage): void {
    if (generation !== this.#generation || this.#closed) return
    this.#opening = null
    this.#wanted = null
    this.#failures = 0
    this.#show(page.window)
    this.#status = 'ready'
    this.state.invalidate()
  }

  #failed(generation: number, error: unknown): void {
    if (generation !== this.#generation || this.#closed) return
    this.#opening = null
    if (error instanceof ParleyError && !error.retryable) {
      this.#fail()
      return
    }
    const { clock, random, settled } = this.#context
    // Without a connection the next `ready` proceeds.
    if (!settled()) return
    const delayMs = 500 + backoffMs(this.#failures++, random)
    this.#cancelRetry = clock.after(delayMs, () => this.proceed())
  }

  /** Stays so until the room is there (again) or somebody opens another place. */
  #fail(): void {
    this.#status = 'error'
    this.state.invalidate()
  }

  /** Reads a page while the log goes on, and returns it as of the log's position. */
  async #load(place: Place, record: RoomRecord): Promise<LoadedPage> {
    const { source, me } = this.#context
    const log = this.#log ?? this.#follow(record.log.position)
    const tap: Entry[] = []
    this.#taps.add(tap)
    try {
      const firstSeq = record.facts.first_seq
      const page = await loadPage({ source, place, me: me(), position: log.position, firstSeq })
      for (const entry of page.entries) log.offer(entry)
      let { window } = page
      for (const entry of tap) if (entry.seq > page.upTo) window = applyToWindow(window, entry, me())
      return { ...page, window }
    } finally {
      this.#taps.delete(tap)
    }
  }

  /** A load that began with an earlier log may still end: what it brings is not of this window any more. */
  #follow(position: number): OrderedLog {
    const log = new OrderedLog(position, (entry) => {
      if (log === this.#log) this.#apply(entry)
    })
    this.#log = log
    return log
  }

  loadOlder(): Promise<void> {
    const first = this.#window.messages[0]
    if (this.#status !== 'ready' || !this.#window.hasOlder || first === undefined) return Promise.resolve()
    this.#older ??= this.#extend({ kind: 'older', seq: first.seq }, joinOlder).finally(() => {
      this.#older = null
      this.state.invalidate()
    })
    this.state.invalidate()
    return this.#older
  }

  loadNewer(): Promise<void> {
    const last = this.#window.messages.at(-1)
    if (this.#status !== 'ready' || !this.#window.hasNewer) return Promise.resolve()
    this.#newer ??= this.#extend({ kind: 'newer', seq: last?.seq ?? 0 }, joinNewer).finally(() => {
      this.#newer = null
      this.state.invalidate()
    })
    this.state.invalidate()
    return this.#newer
  }

  /** A failure leaves the window as it is: there is still more to load, and one may try again. */
  async #extend(place: Place, join: (window: Window, page: Window) => Window): Promise<void> {
    const record = this.#context.record()
    if (record === undefined) return
    const generation = this.#generation
    const page = await this.#load(place, record).catch(() => null)
    if (page === null || generation !== this.#generation || this.#closed) return
    this.#show(join(this.#window, page.window))
  }

  offer(entry: Entry): void {
    if (this.#log === null) return
    this.#log.offer(entry)
    if (this.#log.behind) this.#context.behind()
  }

  #apply(entry: Entry): void {
    for (const tap of this.#taps) tap.push(entry)
    const window = applyToWindow(this.#window, entry, this.#context.me())
    if (window === this.#window) return
    this.#window = window
    this.state.invalidate()
  }

  /** The room has entries up to `head`; after a reconnect this window may be behind. */
  expect(head: number): void {
    if (this.#log === null) {
      this.proceed()
      return
    }
    if (head < this.#log.position || head - this.#log.position > CATCH_UP_MAX_ENTRIES) {
      this.reload()
      return
    }
    this.#log.expect(head)
    if (this.#log.behind) this.#context.behind()
    this.proceed()
  }

  /** History up to here is gone for ever. */
  cut(position: number): void {
    this.#log?.jump(position)
    this.#show(this.#window)
  }

  /** What is below the room's floor by now is not shown, however it came here. */
  #show(window: Window): void {
    const cut = cutWindow(window, this.#context.record()?.facts.first_seq ?? 0)
    if (cut === this.#window) return
    this.#window = cut
    this.state.invalidate()
  }

  giveUp(): void {
    this.#log?.giveUp()
  }

  /** Starts over at the same place. */
  reload(): void {
    this.#log = null
    const { messages, hasNewer } = this.#window
    const middle = messages[messages.length >> 1]
    void this.open(
      hasNewer && middle !== undefined
        ? { kind: 'around', seq: middle.seq }
        : (this.#wanted ?? { kind: 'latest' }),
    )
  }

  /** The room is no longer mine: nothing of it stays on the screen. */
  lose(): void {
    this.#generation++
    this.#log = null
    this.#opening = null
    this.#wanted = { kind: 'latest' }
    this.#window = EMPTY_WINDOW
    this.#fail()
  }

  /** Outbox or watermarks changed. */
  touch(): void {
    this.state.invalidate()
  }

  pause(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
  }

  close(): void {
    this.#closed = true
    this.#generation++
    this.pause()
  }

  #build(): TimelineState {
    const { record, outbox, me } = this.#context
    const room = record()
    const receipts = room === undefined ? { delivered: 0, read: 0 } : receiptsOf(room.state)
    // Before the first page nothing is older or newer, and what one writes shows at once.
    const window = this.#window === EMPTY_WINDOW ? { ...EMPTY_WINDOW, hasNewer: false } : this.#window
    return {
      items: this.#items.build(window, outbox(), receipts, me()),
      status: this.#status,
      hasOlder: window.hasOlder,
      hasNewer: window.hasNewer,
      loadingOlder: this.#older !== null,
      loadingNewer: this.#newer !== null,
    }
  }
}
