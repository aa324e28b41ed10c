/** One client's live connection: who it is, which rooms it receives, and what it is owed. It holds no truth. */
import type { CloseReason, ServerFrame } from '@parley/protocol'
import type { Principal } from '../shared/token-verifier.ts'
import { type Burst, createBurst } from './burst.ts'
import type { Flushable, Flusher } from './flusher.ts'
import type { Link } from './link.ts'
import type { RoomChannel } from './room-channel.ts'

/** What a client may be owed before it counts as too slow. */
export const CONNECTION_MAX_WAITING_BYTES = 4 * 1024 * 1024
/** Beyond this, what is worth nothing later (typing, presence) is dropped. */
const EPHEMERAL_MAX_WAITING_BYTES = 64 * 1024

interface Held {
  readonly room: string
  readonly seq: number
  readonly frame: string
}

export class Connection implements Flushable {
  readonly id: string
  readonly link: Link
  readonly flusher: Flusher
  /** Null until authenticated. */
  principal: Principal | null = null
  /** Rooms this connection receives. */
  rooms: RoomChannel[] = []
  /** Rooms whose log said that the user left, until the client is told so. */
  left: Set<string> | undefined
  /** Presence this connection watches. */
  watched: readonly string[] = []
  /** Handed out by `ping` until the rooms service has a younger one that is safe. */
  cursor = ''
  closed = false
  /** The sessions service knows it. */
  registered = false
  /** Its client said that nobody is looking. */
  away = false
  /** Heartbeats since the last sign of life. */
  silentBeats = 0
  openedAt: number
  badFrames: number[] | undefined
  /** Where its client is or was in a call. */
  endpoints: Set<string> | undefined
  /** When it last said that its user types, by room. */
  typedAt: Map<string, number> | undefined

  /** What waits for `ready`; undefined once it was sent. */
  #late: (() => void)[] | undefined = []
  #owed: Burst[] = []
  #owedBytes = 0
  #held: Held[] | undefined
  #holds = 0
  readonly #onClosed: (connection: Connection) => void

  constructor(options: {
    id: string
    link: Link
    flusher: Flusher
    now: number
    onClosed: (connection: Connection) => void
  }) {
    this.id = options.id
    this.link = options.link
    this.flusher = options.flusher
    this.openedAt = options.now
    this.#onClosed = options.onClosed
  }

  send(frame: ServerFrame): void {
    this.push(createBurst([JSON.stringify(frame)]))
  }

  /** Owed from now on; written at the end of the tick. */
  push(burst: Burst): void {
    if (this.closed) return
    if (this.#owed.length === 0) this.flusher.write(this)
    this.#owed.push(burst)
    this.#owedBytes += burst.bytes.length
    if (this.#owedBytes + this.link.waitingBytes > CONNECTION_MAX_WAITING_BYTES) this.close('slow_consumer')
  }

  /** For what is worth nothing later. */
  pushEphemeral(burst: Burst): void {
    if (this.link.waitingBytes > EPHEMERAL_MAX_WAITING_BYTES) return
    this.push(burst)
  }

  flush(): void {
    if (this.closed || this.#owed.length === 0) return
    const owed = this.#owed
    this.#owed = []
    this.#owedBytes = 0
    this.link.write(owed)
  }

  get ready(): boolean {
    return this.#late === undefined
  }

  /** Now, or right after `ready`: the list of rooms must be the first thing a client is told. */
  whenReady(action: () => void): void {
    if (this.#late === undefined) action()
    else this.#late.push(action)
  }

  /** `ready` was sent. */
  becomeReady(): void {
    const late = this.#late ?? []
    this.#late = undefined
    for (const action of late) action()
  }

  get holding(): boolean {
    return this.#holds > 0
  }

  /** From now on entries wait, until what they continue (a list of rooms) was sent. */
  hold(): void {
    // What is already collected goes out before; what is collected while holding is kept by the channels.
    for (const room of this.rooms) room.flush()
    this.#holds++
    this.#held ??= []
  }

  keep(room: string, seq: number, frame: string): void {
    this.#held?.push({ room, seq, frame })
  }

  /** What waits of this room is not for this connection any more. */
  drop(room: string): void {
    this.#held = this.#held?.filter((entry) => entry.room !== room)
  }

  /** Sends what waited, except what `covered` (room → head the client was just told) makes a repetition. */
  release(covered: ReadonlyMap<string, number>): void {
    for (const room of this.rooms) room.flush()
    const held = this.#held ?? []
    this.#held = held.filter((entry) => entry.seq > (covered.get(entry.room) ?? 0))
    if (--this.#holds > 0) return
    const frames = this.#held.map((entry) => entry.frame)
    this.#held = undefined
    if (frames.length > 0) this.push(createBurst(frames))
  }

  close(reason: CloseReason): void {
    if (this.closed) return
    // What is owed to somebody who does not listen is dropped; everyone else gets it before the goodbye.
    if (reason !== 'slow_consumer') this.flush()
    this.ended()
    this.link.close(reason)
  }

  /** The link is gone or going: forget what is owed and leave all rooms. Safe to call twice. */
  ended(): void {
    if (this.closed) return
    this.closed = true
    this.#owed = []
    this.#held = undefined
    this.#onClosed(this)
  }
}
