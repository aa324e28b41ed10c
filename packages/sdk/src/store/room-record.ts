/** One of my rooms: its facts, folded from its log, and what passes around it (watermarks, who types). */
import type { Entry, MarksFrame, Member, Room } from '@parley/protocol'
import type { RoomState } from '../api.ts'
import type { Clock } from '../clock.ts'
import { applyToRoom } from './apply-entry.ts'
import { OrderedLog } from './ordered-log.ts'
import { UnreadCounter } from './unread.ts'

export interface RecordEvents {
  changed(): void
  /** The entry is part of the facts now. */
  applied(entry: Entry): void
  /** Only a fresh fetch of the room tells its newest message. */
  stale(): void
  /** Only the server can count what is unread. */
  doubtful(): void
  /** History up to here is gone for ever. */
  cut(position: number): void
}

interface Marks {
  readonly delivered: number
  readonly read: number
}

export class RoomRecord {
  log: OrderedLog
  readonly #clock: Clock
  readonly #me: string
  readonly #events: RecordEvents
  #room: Room
  #unread: UnreadCounter
  #marks: Readonly<Record<string, Marks>> = {}
  readonly #typing = new Map<string, () => void>()
  #state: RoomState | null = null

  constructor(room: Room, me: string, clock: Clock, events: RecordEvents) {
    this.#clock = clock
    this.#me = me
    this.#events = events
    this.#room = room
    this.#unread = new UnreadCounter(room.head_seq, room.me?.unread ?? 0)
    this.log = this.#newLog(room.head_seq)
  }

  get facts(): Room {
    return this.#room
  }

  get read(): number {
    return this.#room.me?.read_seq ?? 0
  }

  /** The same object until something changes. */
  get state(): RoomState {
    this.#state ??= {
      ...this.#room,
      ...(this.#room.me === undefined
        ? {}
        : { me: { ...this.#room.me, unread: this.#unread.count(this.read) } }),
      typing: [...this.#typing.keys()],
      marks: this.#marks,
    }
    return this.#state
  }

  /** Facts as the server tells them now. False: they are older than what was applied here, and left aside. */
  replace(room: Room): boolean {
    if (room.head_seq < this.log.position) return false
    this.cut(room.first_seq)
    const read = Math.min(Math.max(this.read, room.me?.read_seq ?? 0), room.head_seq)
    this.#room = { ...room, ...(room.me === undefined ? {} : { me: { ...room.me, read_seq: read } }) }
    this.#unread = new UnreadCounter(room.head_seq, room.me?.unread ?? 0)
    this.log.jump(room.head_seq)
    this.touch()
    return true
  }

  /** Only what the server tells now holds; what was known before may be of another past. */
  restart(room: Room): void {
    this.#room = room
    this.#unread = new UnreadCounter(room.head_seq, room.me?.unread ?? 0)
    this.#marks = {}
    this.log = this.#newLog(room.head_seq)
    this.touch()
  }

  /** Facts that are the same for everybody, as the push `room` with `updated` tells them. */
  update(room: Room): void {
    if (this.cut(room.first_seq) && this.#unread.count(this.read) > 0) this.#events.doubtful()
    if (room.me !== undefined && room.head_seq >= this.log.position) {
      this.replace(room)
      return
    }
    const { me, peer, last_message } = this.#room
    if (room.head_seq === this.log.position) {
      this.#room = {
        ...room,
        ...(me === undefined ? {} : { me }),
        ...(peer === undefined ? {} : { peer }),
        ...(last_message === undefined ? {} : { last_message }),
      }
    } else {
      // The log brings all else, in its own order.
      this.log.expect(room.head_seq)
    }
    this.touch()
  }

  /** The room's history begins at `first` now. False: that is no news. */
  cut(first: number): boolean {
    const { first_seq, last_message, ...facts } = this.#room
    if (first <= first_seq) return false
    const keeps = last_message !== undefined && last_message.seq >= first
    this.#room = { ...facts, first_seq: first, ...(keeps ? { last_message } : {}) }
    this.log.jump(first - 1)
    this.touch()
    this.#events.cut(first - 1)
    return true
  }

  mark(frame: Pick<MarksFrame, 'delivered' | 'read' | 'unread'>, user: string): void {
    if (user === this.#me) this.#markOwn(frame)
    else this.#markOther(frame, user)
  }

  #markOwn({ delivered, read, unread }: Pick<MarksFrame, 'delivered' | 'read' | 'unread'>): void {
    const { me } = this.#room
    if (me === undefined) return
    // An older watermark than the one shown says nothing about what is unread beyond it.
    if (unread !== undefined && read >= me.read_seq) this.#unread.tell(unread, read)
    this.#room = {
      ...this.#room,
      me: {
        ...me,
        read_seq: Math.max(read, me.read_seq),
        delivered_seq: Math.max(delivered, me.delivered_seq),
      },
    }
    this.touch()
  }

  #markOther({ delivered, read }: Marks, user: string): void {
    const old = this.#marks[user]
    const next = {
      delivered: Math.max(delivered, read, old?.delivered ?? 0),
      read: Math.max(read, old?.read ?? 0),
    }
    if (old !== undefined && old.delivered === next.delivered && old.read === next.read) return
    this.#marks = { ...this.#marks, [user]: next }
    this.touch()
  }

  /** Watermarks of the members, for receipts before the first push. */
  takeMembers(members: readonly Member[]): void {
    for (const { user, read_seq, delivered_seq } of members) {
      if (user.id === this.#me || read_seq === undefined || delivered_seq === undefined) continue
      this.#markOther({ delivered: delivered_seq, read: read_seq }, user.id)
    }
  }

  /** The person here has seen everything up to `seq`. Returns what is newly read, null when nothing is. */
  readUpTo(seq: number): number | null {
    const { me } = this.#room
    const read = Math.min(seq, this.log.position)
    if (me === undefined || read <= me.read_seq) return null
    this.#room = { ...this.#room, me: { ...me, read_seq: read } }
    this.touch()
    return read
  }

  typing(user: string, expiresMs: number): void {
    if (user === this.#me) return
    const known = this.#typing.get(user)
    known?.()
    this.#typing.set(
      user,
      this.#clock.after(expiresMs, () => this.#stopTyping(user)),
    )
    if (known === undefined) this.touch()
  }

  #stopTyping(user: string): void {
    const cancel = this.#typing.get(user)
    if (cancel === undefined) return
    cancel()
    this.#typing.delete(user)
    this.touch()
  }

  close(): void {
    for (const cancel of this.#typing.values()) cancel()
    this.#typing.clear()
  }

  touch(): void {
    this.#state = null
    this.#events.changed()
  }

  #newLog(position: number): OrderedLog {
    return new OrderedLog(position, (entry) => this.#apply(entry))
  }

  #apply(entry: Entry): void {
    const { room, stale } = applyToRoom(this.#room, entry, this.#me)
    this.#room = room
    if (entry.kind === 'message') {
      this.#stopTyping(entry.from)
      if (entry.from !== this.#me && !entry.redacted) this.#unread.message(entry.seq)
    } else if (entry.kind === 'delete' && entry.target !== undefined) {
      if (!this.#unread.deleted(entry.target, this.read)) this.#events.doubtful()
    } else if (entry.kind === 'leave' && entry.user !== undefined && entry.user in this.#marks) {
      const { [entry.user]: _gone, ...marks } = this.#marks
      this.#marks = marks
    }
    this.touch()
    if (stale) this.#events.stale()
    this.#events.applied(entry)
  }
}
