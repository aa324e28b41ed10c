/**
 * Messages on their way. Each is stored before it is sent and keeps its `client_id` on every attempt, so that a closed
 * browser loses none and a lost answer doubles none. One at a time a room, in order; across tabs one sends.
 */
import { BODY_MAX_CHARS, type Entry, type FileShape, ParleyError } from '@parley/protocol'
import type { Storage } from '../api.ts'
import type { Clock } from '../clock.ts'
import { backoffMs } from '../connection/backoff.ts'
import { LinkLostError, type Request } from '../connection/link.ts'
import type { ChannelLike, LocksLike } from '../environment.ts'
import { createLane, isIdle, type Lane, nextToSend, putItem, takeItem } from './lane.ts'
import { type OutboxItem, outboxKey, outboxPrefix, readOutboxItem } from './outbox-item.ts'

export interface OutboxOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly newId: () => string
  readonly storage: Storage
  readonly locks: LocksLike | null
  readonly openChannel: ((name: string) => ChannelLike) | null
  /** One attempt on the living connection; `LinkLostError` when that ends first. */
  readonly send: (request: Request<'send'>) => Promise<{ seq: number; at: number }>
  readonly online: () => boolean
  /** Entries of this room up to here have arrived on this device. */
  readonly arrived: (room: string) => number
  readonly changed: (room: string) => void
}

/** What a person writes. */
export interface NewMessage {
  readonly body: string
  readonly reply_to?: number
  readonly files?: readonly FileShape[]
}

/** What tabs of one person tell one another. */
type Note =
  | { readonly kind: 'put'; readonly item: OutboxItem }
  | { readonly kind: 'gone'; readonly room: string; readonly client_id: string }

const ELSEWHERE_CHECK_MS = 5_000

const NONE: readonly OutboxItem[] = []

export class Outbox {
  readonly #options: OutboxOptions
  readonly #lanes = new Map<string, Lane>()
  #user: string | null = null
  #channel: ChannelLike | null = null
  #order = 0

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Takes up what this person left unsent on this device. */
  async open(user: string): Promise<void> {
    if (this.#user === user) return
    this.close()
    this.#user = user
    this.#channel = this.#options.openChannel?.(`parley-outbox-${user}`) ?? null
    this.#channel?.addEventListener('message', ({ data }) => this.#hear(data as Note))
    const stored = await this.#options.storage.list(outboxPrefix(user)).catch(() => [])
    if (this.#user !== user) return
    for (const [, value] of stored) {
      const item = readOutboxItem(value)
      if (item !== undefined) this.#adopt(item)
    }
    this.flush()
  }

  /** Forgets what is in memory; the store keeps it. */
  close(): void {
    for (const lane of this.#lanes.values()) {
      lane.cancelRetry?.()
      lane.cancelCheck?.()
    }
    const rooms = [...this.#lanes.keys()]
    this.#lanes.clear()
    this.#user = null
    this.#channel?.close()
    this.#channel = null
    for (const room of rooms) this.#options.changed(room)
  }

  /** Removes what this person left here, from the store too. */
  async forget(user: string): Promise<void> {
    const { storage } = this.#options
    const stored = await storage.list(outboxPrefix(user)).catch(() => [])
    await Promise.all(stored.map(([key]) => storage.delete(key).catch(() => {})))
  }

  items(room: string): readonly OutboxItem[] {
    return this.#lanes.get(room)?.items ?? NONE
  }

  /** Throws `unauthenticated` when nobody is signed in, `invalid_request` for what no server would take. */
  add(room: string, { body, reply_to, files = [] }: NewMessage): OutboxItem {
    if (this.#user === null) throw new ParleyError('unauthenticated')
    const trimmed = body.trim()
    if ((trimmed === '' && files.length === 0) || [...trimmed].length > BODY_MAX_CHARS) {
      throw new ParleyError('invalid_request', {
        details: { fields: { body: `must be 1 to ${BODY_MAX_CHARS} characters` } },
      })
    }
    const now = this.#options.clock.now()
    this.#order = Math.max(this.#order + 1, now)
    const item: OutboxItem = {
      client_id: this.#options.newId(),
      room,
      body: trimmed,
      ...(reply_to === undefined ? {} : { reply_to }),
      ...(files.length === 0 ? {} : { files }),
      at: now,
      order: this.#order,
    }
    this.#put(item)
    void this.#drain(room)
    return item
  }

  /** True when there was such a failed message. */
  retry(clientId: string): boolean {
    const item = this.#find(clientId)
    if (item?.error === undefined) return false
    const { error: _gone, ...again } = item
    this.#put(again)
    void this.#drain(item.room)
    return true
  }

  /** Gives up a message that failed. One that is being sent cannot be taken back. */
  discard(clientId: string): boolean {
    const item = this.#find(clientId)
    if (item?.error === undefined) return false
    this.#finish(item)
    return true
  }

  /** A connection is there: everything that waits goes on, without its pause. */
  flush(): void {
    for (const [room, lane] of this.#lanes) {
      lane.cancelRetry?.()
      lane.cancelRetry = null
      lane.failures = 0
      void this.#drain(room)
    }
  }

  /** One's own message came back as an entry: it is stored, whether or not the answer has come. */
  confirm(entry: Entry): void {
    const lane = this.#lanes.get(entry.room)
    const item = lane?.items.find((one) => one.client_id === entry.client_id)
    if (item !== undefined) this.#finish(item)
  }

  /** The room's facts jumped ahead (a reconnect): messages that are within them have arrived. */
  settle(room: string): void {
    const lane = this.#lanes.get(room)
    if (lane === undefined) return
    const upTo = this.#options.arrived(room)
    for (const item of lane.items) if (item.sent !== undefined && item.sent.seq <= upTo) this.#drop(item)
  }

  #lane(room: string): Lane {
    let lane = this.#lanes.get(room)
    if (lane === undefined) {
      lane = createLane()
      this.#lanes.set(room, lane)
    }
    return lane
  }

  #find(clientId: string): OutboxItem | undefined {
    for (const lane of this.#lanes.values()) {
      const item = lane.items.find((one) => one.client_id === clientId)
      if (item !== undefined) return item
    }
    return undefined
  }

  /** Shows it here and keeps it in the store. */
  #put(item: OutboxItem): void {
    const user = this.#user
    if (user === null) return
    const lane = this.#lane(item.room)
    this.#show(item)
    const saving = this.#options.storage.set(outboxKey(user, item), item).then(
      () => {
        lane.stored.add(item.client_id)
        this.#channel?.postMessage({ kind: 'put', item } satisfies Note)
      },
      // A store that is full or forbidden: the message lives as long as the page, which is better than not at all.
      () => {},
    )
    lane.saving.set(item.client_id, saving)
    void saving.then(() => {
      if (lane.saving.get(item.client_id) === saving) lane.saving.delete(item.client_id)
      this.#tidy(item.room, lane)
    })
  }

  #show(item: OutboxItem): void {
    const lane = this.#lane(item.room)
    putItem(lane, item)
    this.#options.changed(item.room)
  }

  #adopt(item: OutboxItem): void {
    const lane = this.#lane(item.room)
    lane.stored.add(item.client_id)
    this.#order = Math.max(this.#order, item.order)
    const known = lane.items.find((one) => one.client_id === item.client_id)
    if (known?.sent === undefined) this.#show(item)
  }

  /** Out of the store and off the screen. */
  #finish(item: OutboxItem): void {
    this.#drop(item)
    void this.#unstore(item)
  }

  #drop(item: OutboxItem): void {
    const lane = this.#lanes.get(item.room)
    if (lane === undefined) return
    takeItem(lane, item)
    this.#tidy(item.room, lane)
    this.#options.changed(item.room)
  }

  #tidy(room: string, lane: Lane): void {
    if (!isIdle(lane) || this.#lanes.get(room) !== lane) return
    lane.cancelCheck?.()
    this.#lanes.delete(room)
  }

  #unstore(item: OutboxItem): Promise<void> {
    const user = this.#user
    if (user === null) return Promise.resolve()
    const saving = this.#lanes.get(item.room)?.saving.get(item.client_id) ?? Promise.resolve()
    return saving
      .then(() => this.#options.storage.delete(outboxKey(user, item)))
      .catch(() => {})
      .then(() =>
        this.#channel?.postMessage({
          kind: 'gone',
          room: item.room,
          client_id: item.client_id,
        } satisfies Note),
      )
  }

  /** Another tab of this person has put, changed or finished something. */
  #hear(note: Note): void {
    if (note.kind === 'put') {
      this.#adopt(note.item)
      void this.#drain(note.item.room)
      return
    }
    const lane = this.#lanes.get(note.room)
    const item = lane?.items.find((one) => one.client_id === note.client_id)
    if (lane !== undefined && item !== undefined) this.#finishedElsewhere(note.room, lane, item)
  }

  async #drain(room: string): Promise<void> {
    const lane = this.#lanes.get(room)
    if (lane === undefined || this.#user === null || lane.cancelRetry !== null) return
    if (lane.sending) {
      lane.again = true
      return
    }
    lane.sending = true
    const { locks } = this.#options
    const work = () => this.#sendAll(room, lane)
    do {
      lane.again = false
      if (!nextToSend(lane) || !this.#options.online()) break
      // A page that is being put away may be refused the lock; the next connection tries again.
      await (locks === null
        ? work()
        : locks.request(`parley-outbox-${this.#user}-${room}`, work).catch(() => {}))
    } while (lane.again && lane.cancelRetry === null)
    lane.sending = false
    this.#tidy(room, lane)
  }

  /** Holding the lock: nobody else sends for this room now. */
  async #sendAll(room: string, lane: Lane): Promise<void> {
    await this.#compare(room, lane)
    for (;;) {
      const item = nextToSend(lane)
      if (item === undefined || this.#lanes.get(room) !== lane || !this.#options.online()) return
      await lane.saving.get(item.client_id)
      if (nextToSend(lane) !== item) continue
      if (!(await this.#sendOne(lane, item))) return
    }
  }

  /** Another tab may have sent or refused some of it while this one waited for the lock. */
  async #compare(room: string, lane: Lane): Promise<void> {
    const user = this.#user
    if (this.#options.locks === null || user === null) return
    const found = await this.#options.storage.list(outboxPrefix(user, room)).catch(() => null)
    if (found === null || this.#lanes.get(room) !== lane) return
    const present = new Set<string>()
    for (const [, value] of found) {
      const item = readOutboxItem(value)
      if (item === undefined) continue
      present.add(item.client_id)
      const known = lane.items.find((one) => one.client_id === item.client_id)
      if (known === undefined || known.error !== item.error) this.#adopt(item)
    }
    for (const item of lane.items) {
      const finished = lane.stored.has(item.client_id) && !present.has(item.client_id)
      if (finished) this.#finishedElsewhere(room, lane, item)
    }
  }

  /**
   * Another tab has sent or given it up. What was sent stays on the screen until its entry comes; should that have come
   * before, the server is asked by sending again.
   */
  #finishedElsewhere(room: string, lane: Lane, item: OutboxItem): void {
    lane.stored.delete(item.client_id)
    if (item.sent !== undefined || item.elsewhere) return
    if (item.error !== undefined) {
      this.#drop(item)
      return
    }
    this.#show({ ...item, elsewhere: true })
    lane.cancelCheck ??= this.#options.clock.after(ELSEWHERE_CHECK_MS, () => {
      lane.cancelCheck = null
      for (const { elsewhere, ...left } of lane.items) if (elsewhere) this.#show(left)
      void this.#drain(room)
    })
  }

  /** False: the lane must wait. */
  async #sendOne(lane: Lane, item: OutboxItem): Promise<boolean> {
    const { room, client_id, body, reply_to, files } = item
    try {
      const answer = await this.#options.send({
        t: 'send',
        room,
        client_id,
        body,
        ...(reply_to === undefined ? {} : { reply_to }),
        ...(files === undefined ? {} : { file_ids: files.map(({ id }) => id) }),
      })
      lane.failures = 0
      if (this.#lanes.get(room) === lane) await this.#sent(lane, item, answer)
      return true
    } catch (error) {
      if (this.#lanes.get(room) !== lane) return false
      // The next connection goes on where this one ended.
      if (error instanceof LinkLostError || !lane.items.includes(item))
        return !(error instanceof LinkLostError)
      if (!(error instanceof ParleyError) || error.retryable || error.code === 'unauthenticated') {
        this.#pause(lane, room, error instanceof ParleyError ? error.retryAfterMs : undefined)
        return false
      }
      this.#put({ ...item, error: error.message })
      return true
    }
  }

  /** Resolves when the store knows too: the next tab to hold the lock must not find it there. */
  #sent(lane: Lane, item: OutboxItem, { seq, at }: { seq: number; at: number }): Promise<void> {
    // The entry was faster than the answer and has taken it away.
    if (!lane.items.includes(item)) return Promise.resolve()
    const unstored = this.#unstore(item)
    if (seq <= this.#options.arrived(item.room)) this.#drop(item)
    else this.#show({ ...item, sent: { seq, at } })
    return unstored
  }

  #pause(lane: Lane, room: string, waitMs: number | undefined): void {
    const { clock, random } = this.#options
    const delayMs = waitMs ?? 250 + backoffMs(lane.failures, random)
    lane.failures++
    lane.cancelRetry = clock.after(delayMs, () => {
      lane.cancelRetry = null
      void this.#drain(room)
    })
  }
}
