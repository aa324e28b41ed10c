/** Fetches what is missing in the logs, many rooms in one request. What arrives is offered like a push. */
import { type Answers, type Entry, LOG_MAX_ROOMS, ParleyError } from '@parley/protocol'
import type { Clock } from '../clock.ts'
import type { Request } from '../connection/link.ts'

const ANSWER_MAX_ENTRIES = 1_000
const ENTRIES_PER_ROOM_MIN = 20
const ENTRIES_PER_ROOM_MAX = 200
const RETRY_MS = 1_000

export interface GapsOptions {
  readonly clock: Clock
  readonly request: (request: Request<'log'>) => Promise<Answers['log']>
  /** The position from which entries of this room are missing; null when none are. */
  readonly missing: (room: string) => number | null
  readonly offer: (entry: Entry) => void
  /** History up to here is gone for ever (retention). */
  readonly cut: (room: string, position: number) => void
  /** This room may not be read (any more). */
  readonly lost: (room: string) => void
}

export class Gaps {
  readonly #options: GapsOptions
  readonly #wanted = new Set<string>()
  #busy = false
  #planned = false
  #cancelRetry: (() => void) | null = null

  constructor(options: GapsOptions) {
    this.#options = options
  }

  want(room: string): void {
    this.#wanted.add(room)
    if (this.#planned || this.#busy || this.#cancelRetry !== null) return
    this.#planned = true
    // At the end of this turn: after a reconnect many rooms ask at once and share a request.
    queueMicrotask(() => {
      this.#planned = false
      void this.#run()
    })
  }

  /** The connection is gone; the next `ready` tells anew what is missing. */
  reset(): void {
    this.#wanted.clear()
    this.#cancelRetry?.()
    this.#cancelRetry = null
  }

  async #run(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      for (;;) {
        const rooms = this.#take()
        if (rooms.length === 0) return
        await this.#fetch(rooms)
      }
    } finally {
      this.#busy = false
    }
  }

  #take(): { room: string; after: number }[] {
    const rooms: { room: string; after: number }[] = []
    for (const room of this.#wanted) {
      if (rooms.length === LOG_MAX_ROOMS) break
      this.#wanted.delete(room)
      const after = this.#options.missing(room)
      if (after !== null) rooms.push({ room, after })
    }
    return rooms
  }

  async #fetch(rooms: { room: string; after: number }[]): Promise<void> {
    const { request, clock } = this.#options
    const share = Math.floor(ANSWER_MAX_ENTRIES / rooms.length)
    const limit = Math.max(ENTRIES_PER_ROOM_MIN, Math.min(ENTRIES_PER_ROOM_MAX, share))
    try {
      const answer = await request({ t: 'log', rooms, limit })
      for (const found of answer.rooms) this.#takeRoom(found, rooms)
    } catch (error) {
      // A lost connection starts over by `ready`; anything else is worth another try.
      if (!(error instanceof ParleyError)) return
      for (const { room } of rooms) this.#wanted.add(room)
      const delayMs = error.retryAfterMs ?? RETRY_MS
      await new Promise<void>((resolve) => {
        const cancel = clock.after(delayMs, resolve)
        this.#cancelRetry = () => {
          cancel()
          resolve()
        }
      })
      this.#cancelRetry = null
    }
  }

  #takeRoom(found: Answers['log']['rooms'][number], asked: { room: string; after: number }[]): void {
    const { offer, cut, lost, missing } = this.#options
    const { room } = found
    if ('error' in found) {
      lost(room)
      return
    }
    const after = asked.find((one) => one.room === room)?.after ?? 0
    if (found.first_seq > after + 1) cut(room, found.first_seq - 1)
    for (const entry of found.entries) offer(entry)
    const still = missing(room)
    // Only as long as it moves: an answer that brings nothing must not be asked for again and again.
    if (still !== null && still > after) this.#wanted.add(room)
  }
}
