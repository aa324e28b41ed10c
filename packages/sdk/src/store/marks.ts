/** Tells the server what was delivered to this device and read by its person: seldom enough, and again after a reconnect. */
import { type Answers, type Entry, ParleyError, SMALL_ROOM_MAX_MEMBERS } from '@parley/protocol'
import type { Clock } from '../clock.ts'
import type { Request } from '../connection/link.ts'
import type { RoomRecord } from './room-record.ts'
import type { Rooms } from './rooms.ts'

/** Deliveries of a burst are told once. */
const DELIVERED_AFTER_MS = 300
const READ_INTERVAL_MS = 1_000
const RETRY_MS = 3_000
/** After a reconnect many rooms may have news; they are told in portions. */
const MARKS_PER_TURN = 20

interface Wanted {
  delivered?: number
  read?: number
  /** Only the answer matters: the unread count is in doubt. */
  ask?: boolean
  /** Not before this time. */
  at: number
}

export interface MarkSenderOptions {
  readonly clock: Clock
  readonly rooms: Rooms
  readonly me: () => string
  readonly request: (request: Request<'mark'>) => Promise<Answers['mark']>
}

export class MarkSender {
  readonly #options: MarkSenderOptions
  readonly #wanted = new Map<string, Wanted>()
  readonly #readAt = new Map<string, number>()
  #online = false
  #cancel: (() => void) | null = null
  #dueAt = 0

  constructor(options: MarkSenderOptions) {
    this.#options = options
  }

  /**
   * A connection is ready: what the server does not know yet is told (again). `listed`: the rooms whose facts came with
   * it, null for all of them.
   */
  online(listed: ReadonlySet<string> | null): void {
    this.#online = true
    const now = this.#options.clock.now()
    for (const wanted of this.#wanted.values()) wanted.at = now
    for (const [id, record] of this.#options.rooms.all()) {
      const { me } = record.state
      if (me === undefined || me.unread === 0) continue
      const newest = record.facts.last_message?.seq ?? 0
      if (newest > me.delivered_seq && this.#receipts(record)) {
        this.#want(id, now, { delivered: record.log.position })
      } else if (listed !== null && !listed.has(id)) {
        // Reading on another device while this one was away changes no log, so a delta does not list it.
        this.#want(id, now, { ask: true })
      }
    }
    this.#plan()
  }

  offline(): void {
    this.#online = false
    this.#clearTimer()
  }

  clear(): void {
    this.offline()
    this.#wanted.clear()
    this.#readAt.clear()
  }

  /** An entry has arrived on this device. */
  received(entry: Entry): void {
    // Of a call the server rings other devices of whoever has not got it.
    const isTold = entry.kind === 'message' || entry.call?.line === 'started'
    if (!isTold || entry.from === this.#options.me()) return
    const record = this.#options.rooms.get(entry.room)
    if (record === undefined || !this.#receipts(record)) return
    this.#want(entry.room, this.#options.clock.now() + DELIVERED_AFTER_MS, { delivered: entry.seq })
    this.#plan()
  }

  read(room: string, seq: number): void {
    const read = this.#options.rooms.get(room)?.readUpTo(seq) ?? null
    if (read === null) return
    const { clock } = this.#options
    const at = Math.max(clock.now(), (this.#readAt.get(room) ?? Number.NEGATIVE_INFINITY) + READ_INTERVAL_MS)
    this.#want(room, at, { read })
    this.#plan()
  }

  /** The unread count of this room is in doubt: a mark that moves nothing is answered with the server's. */
  ask(room: string): void {
    this.#want(room, this.#options.clock.now() + DELIVERED_AFTER_MS, { ask: true })
    this.#plan()
  }

  /** In large rooms watermarks go to one's own devices only, and those need no word of deliveries. */
  #receipts(record: RoomRecord): boolean {
    return record.facts.member_count <= SMALL_ROOM_MAX_MEMBERS
  }

  #want(room: string, at: number, wish: Omit<Wanted, 'at'>): void {
    const known = this.#wanted.get(room)
    if (known === undefined) {
      this.#wanted.set(room, { ...wish, at })
      return
    }
    if (wish.delivered !== undefined) known.delivered = Math.max(wish.delivered, known.delivered ?? 0)
    if (wish.ask) known.ask = true
    if (wish.read === undefined) return
    // A delivery must not pull a reading before its second is over, nor a reading wait for anything but that.
    known.at = known.read === undefined ? at : Math.max(at, known.at)
    known.read = Math.max(wish.read, known.read ?? 0)
  }

  #plan(): void {
    if (!this.#online || this.#wanted.size === 0) return
    let due = Number.POSITIVE_INFINITY
    for (const { at } of this.#wanted.values()) due = Math.min(due, at)
    if (this.#cancel !== null && this.#dueAt <= due) return
    this.#clearTimer()
    this.#dueAt = due
    const { clock } = this.#options
    const delayMs = due - clock.now()
    if (delayMs <= 0) {
      this.#flush()
      return
    }
    this.#cancel = clock.after(delayMs, () => {
      this.#cancel = null
      this.#flush()
    })
  }

  #clearTimer(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #flush(): void {
    const { clock } = this.#options
    const now = clock.now()
    let sent = 0
    for (const [room, wanted] of this.#wanted) {
      if (wanted.at > now) continue
      if (sent++ >= MARKS_PER_TURN) {
        wanted.at = now + DELIVERED_AFTER_MS
        continue
      }
      this.#wanted.delete(room)
      void this.#send(room, wanted, now)
    }
    this.#plan()
  }

  async #send(room: string, { delivered, read, ask }: Wanted, now: number): Promise<void> {
    const { rooms, clock, request, me } = this.#options
    const record = rooms.get(room)
    if (record === undefined) return
    if (read !== undefined) this.#readAt.set(room, now)
    // An answer without a watermark to move needs one that is reached already.
    const still = ask && read === undefined && delivered === undefined ? { read: record.read } : {}
    try {
      const answer = await request({
        t: 'mark',
        room,
        ...(delivered === undefined ? {} : { delivered }),
        ...(read === undefined ? {} : { read }),
        ...still,
      })
      rooms.mark({ room, ...answer }, me())
    } catch (error) {
      // Refused for good (not a member any more): nothing to repeat.
      if (error instanceof ParleyError && !error.retryable) return
      const waitMs = (error instanceof ParleyError ? error.retryAfterMs : undefined) ?? RETRY_MS
      this.#want(room, clock.now() + waitMs, {
        ...(delivered === undefined ? {} : { delivered }),
        ...(read === undefined ? {} : { read }),
        ...(ask ? { ask } : {}),
      })
      this.#plan()
    }
  }
}
