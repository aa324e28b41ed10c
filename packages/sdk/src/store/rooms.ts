/** My rooms: the list as the server told it, kept right by what arrives. */
import type { Entry, MarksFrame, Member, ReadyFrame, Room, RoomFrame } from '@parley/protocol'
import type { RoomState, Store } from '../api.ts'
import type { Clock } from '../clock.ts'
import { RoomRecord } from './room-record.ts'
import { DerivedStore, ValueStore } from './store.ts'

export interface RoomsEvents {
  /** An entry became part of a room's facts; in order, each once. */
  applied(entry: Entry): void
  /** Entries of this room are missing. */
  behind(room: string): void
  /** The facts of this room must be fetched again. */
  stale(room: string): void
  /** The unread count of this room must be asked for. */
  doubtful(room: string): void
  /** Watermarks or facts that a timeline shows have changed. */
  changed(room: string): void
  added(room: string): void
  /** History up to `position` is gone for ever. */
  cut(room: string, position: number): void
  /** What was known of this room may be of a past that is no longer there (a restored back-up): windows load anew. */
  restarted(room: string): void
  removed(room: string): void
}

export class Rooms {
  readonly list: DerivedStore<readonly RoomState[]>
  readonly ready = new ValueStore(false)
  readonly #clock: Clock
  readonly #events: RoomsEvents
  readonly #records = new Map<string, RoomRecord>()
  readonly #stores = new Map<string, DerivedStore<RoomState | undefined>>()
  /** While the pages of a snapshot come in: rooms known before and not yet named again, with the highest entry pushed meanwhile. */
  #unnamed: Map<string, number> | null = null
  #complete = false
  #me = ''

  constructor(clock: Clock, events: RoomsEvents) {
    this.#clock = clock
    this.#events = events
    this.list = new DerivedStore(() => this.#sorted())
  }

  /** Whether every page of the list is here, so that an unknown room is none of mine. */
  get complete(): boolean {
    return this.#complete
  }

  get(id: string): RoomRecord | undefined {
    return this.#records.get(id)
  }

  all(): Iterable<readonly [string, RoomRecord]> {
    return this.#records
  }

  store(id: string): Store<RoomState | undefined> {
    let store = this.#stores.get(id)
    if (store === undefined) {
      store = new DerivedStore(() => this.#records.get(id)?.state)
      this.#stores.set(id, store)
    }
    return store
  }

  /** The first list of a connection; `next` pages follow by `takePage`. */
  takeReady(frame: ReadyFrame): void {
    this.#me = frame.user.id
    this.#complete = false
    this.#unnamed = frame.mode === 'snapshot' ? new Map([...this.#records.keys()].map((id) => [id, 0])) : null
    for (const id of frame.gone) this.remove(id)
    this.takePage(frame.rooms, frame.next === undefined)
    this.ready.set(true)
  }

  takePage(rooms: readonly Room[], last: boolean): void {
    for (const room of rooms) {
      const pushed = this.#unnamed?.get(room.id)
      this.#unnamed?.delete(room.id)
      if (pushed === undefined) this.take(room)
      else this.#restart(room, pushed)
    }
    if (!last) return
    for (const id of this.#unnamed?.keys() ?? []) this.remove(id)
    this.#unnamed = null
    this.#complete = true
    this.list.invalidate()
  }

  /** Facts of one room of mine from wherever they came. False: they are older than what is known here. */
  take(room: Room): boolean {
    if (room.me === undefined) return true
    const known = this.#records.get(room.id)
    if (known !== undefined) return known.replace(room)
    const { id } = room
    this.#records.set(
      id,
      new RoomRecord(room, this.#me, this.#clock, {
        changed: () => this.#touch(id),
        applied: (entry) => this.#events.applied(entry),
        stale: () => this.#events.stale(id),
        doubtful: () => this.#events.doubtful(id),
        cut: (position) => this.#events.cut(id, position),
      }),
    )
    this.#unnamed?.delete(id)
    this.#touch(id)
    this.#events.added(id)
    return true
  }

  /** Even numbers that look alike may stand for other entries than before. */
  #restart(room: Room, pushed: number): void {
    const record = this.#records.get(room.id)
    if (record === undefined) return
    record.restart(room)
    record.log.expect(pushed)
    this.#events.restarted(room.id)
    if (record.log.behind) this.#events.behind(room.id)
  }

  remove(id: string): void {
    const record = this.#records.get(id)
    if (record === undefined) return
    record.close()
    this.#records.delete(id)
    this.#touch(id)
    this.#events.removed(id)
  }

  push(frame: RoomFrame): void {
    const { room, change } = frame
    if (change === 'removed' || change === 'deleted') {
      this.remove(room.id)
      return
    }
    if (change === 'added') {
      this.take(room)
      return
    }
    const record = this.#records.get(room.id)
    record?.update(room)
    if (record?.log.behind) this.#events.behind(room.id)
  }

  offer(entry: Entry): void {
    const record = this.#records.get(entry.room)
    if (record === undefined) return
    const pushed = this.#unnamed?.get(entry.room)
    if (pushed !== undefined) this.#unnamed?.set(entry.room, Math.max(pushed, entry.seq))
    record.log.offer(entry)
    if (record.log.behind) this.#events.behind(entry.room)
  }

  mark(frame: Pick<MarksFrame, 'room' | 'delivered' | 'read' | 'unread'>, user: string): void {
    this.#records.get(frame.room)?.mark(frame, user)
  }

  takeMembers(room: string, members: readonly Member[]): void {
    this.#records.get(room)?.takeMembers(members)
  }

  typing(room: string, user: string, expiresMs: number): void {
    this.#records.get(room)?.typing(user, expiresMs)
  }

  /** Somebody else may sign in next. */
  clear(): void {
    for (const id of [...this.#records.keys()]) this.remove(id)
    this.#complete = false
    this.#unnamed = null
    this.ready.set(false)
  }

  /** Ends timers; what is known stays readable. */
  close(): void {
    for (const record of this.#records.values()) record.close()
  }

  #touch(id: string): void {
    this.list.invalidate()
    this.#stores.get(id)?.invalidate()
    this.#events.changed(id)
  }

  #sorted(): readonly RoomState[] {
    return [...this.#records.values()]
      .map((record) => record.state)
      .sort((a, b) => b.last_at - a.last_at || (a.id < b.id ? 1 : -1))
  }
}
