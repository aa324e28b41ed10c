/** The open windows, one a room; what no screen shows any more is forgotten. */
import type { Entry } from '@parley/protocol'
import type { Timeline } from '../api.ts'
import type { Clock } from '../clock.ts'
import { RoomTimeline, type TimelineContext } from './room-timeline.ts'

/** Windows kept open at most; the one unused longest goes first. */
export const OPEN_WINDOWS_MAX = 20
/** A screen that goes and comes back at once (React's strict mode, a quick look elsewhere) finds its window again. */
const RELEASE_GRACE_MS = 1_000

interface Open {
  readonly timeline: RoomTimeline
  released: boolean
  cancel: (() => void) | null
}

export class Timelines {
  readonly #clock: Clock
  readonly #context: (room: string) => TimelineContext
  /** In the order of their last use. */
  readonly #open = new Map<string, Open>()

  constructor(clock: Clock, context: (room: string) => TimelineContext) {
    this.#clock = clock
    this.#context = context
  }

  get(room: string): RoomTimeline | undefined {
    return this.#open.get(room)?.timeline
  }

  all(): Iterable<readonly [string, RoomTimeline]> {
    return [...this.#open].map(([room, { timeline }]) => [room, timeline] as const)
  }

  offer(entry: Entry): void {
    this.#open.get(entry.room)?.timeline.offer(entry)
  }

  /** A handle; the window opens with its first use and again after it was released. */
  handle(room: string): Timeline {
    const use = () => this.#use(room)
    return {
      get: () => use().state.get(),
      subscribe: (listener) => {
        const open = use()
        const end = open.state.subscribe(listener)
        return () => {
          end()
          this.#forgetSoon(room)
        }
      },
      loadOlder: () => use().loadOlder(),
      loadNewer: () => use().loadNewer(),
      openAround: (seq) => use().open({ kind: 'around', seq }),
      openLatest: () => use().open({ kind: 'latest' }),
      release: () => {
        const open = this.#open.get(room)
        if (open === undefined) return
        open.released = true
        this.#forgetSoon(room)
      },
    }
  }

  clear(): void {
    for (const room of [...this.#open.keys()]) this.#forget(room)
  }

  /** Ends timers; the windows stay readable. */
  pause(): void {
    for (const open of this.#open.values()) {
      open.cancel?.()
      open.timeline.pause()
    }
  }

  #use(room: string): RoomTimeline {
    let open = this.#open.get(room)
    if (open === undefined) {
      open = { timeline: new RoomTimeline(this.#context(room)), released: false, cancel: null }
      this.#evict()
      this.#open.set(room, open)
      return open.timeline
    }
    // Used again: no longer released, and now the youngest.
    open.released = false
    open.cancel?.()
    open.cancel = null
    this.#open.delete(room)
    this.#open.set(room, open)
    return open.timeline
  }

  #evict(): void {
    for (const [room, { timeline }] of this.#open) {
      if (this.#open.size < OPEN_WINDOWS_MAX) return
      if (!timeline.state.observed) this.#forget(room)
    }
  }

  #forgetSoon(room: string): void {
    const open = this.#open.get(room)
    if (open === undefined || !open.released || open.timeline.state.observed) return
    open.cancel?.()
    open.cancel = this.#clock.after(RELEASE_GRACE_MS, () => {
      if (!open.timeline.state.observed && open.released) this.#forget(room)
    })
  }

  #forget(room: string): void {
    const open = this.#open.get(room)
    if (open === undefined) return
    open.cancel?.()
    open.timeline.close()
    this.#open.delete(room)
  }
}
