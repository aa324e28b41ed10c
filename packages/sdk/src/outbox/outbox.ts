/**
 * Messages on their way. Each is stored before it is sent and keeps its `client_id` on every attempt, so that a closed
 * browser loses none and a lost answer doubles none. One at a time a room, in order, its files before it; across tabs one
 * sends.
 */
import { type Entry, ParleyError } from '@parley/protocol'
import type { Parley, Store } from '../api.ts'
import { backoffMs } from '../connection/backoff.ts'
import { LinkLostError, type Request } from '../connection/link.ts'
import { type Lane, nextToSend } from './lane.ts'
import { Lanes } from './lanes.ts'
import { type NewMessage, toOutboxItem } from './new-message.ts'
import type { OutboxItem } from './outbox-item.ts'
import {
  filesOf,
  isUploading,
  KEPT_MAX_BYTES,
  keptBytes,
  nextUpload,
  type OutboxUpload,
  toTryAgain,
  withoutStale,
  withoutUpload,
  withUpload,
} from './outbox-upload.ts'
import { type Note, Shelf, type ShelfOptions } from './shelf.ts'
import { UploadCancelledError, Uploader } from './uploader.ts'

export interface OutboxOptions extends ShelfOptions {
  readonly random: () => number
  readonly newId: () => string
  readonly upload: Parley['upload']
  /** One attempt on the living connection; `LinkLostError` when that ends first. */
  readonly send: (request: Request<'send'>) => Promise<{ seq: number; at: number }>
  readonly online: () => boolean
  /** Entries of this room up to here have arrived on this device. */
  readonly arrived: (room: string) => number
  readonly changed: (room: string) => void
}

const ELSEWHERE_CHECK_MS = 5_000

const NONE: readonly OutboxItem[] = []

export class Outbox {
  readonly #options: OutboxOptions
  readonly #shelf: Shelf
  readonly #uploader: Uploader
  readonly #lanes: Lanes

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#shelf = new Shelf(options)
    this.#uploader = new Uploader(options.upload, options.clock)
    this.#lanes = new Lanes(this.#shelf, this.#uploader, options.changed)
  }

  /** Takes up what this person left unsent on this device. */
  async open(user: string): Promise<void> {
    if (this.#shelf.user === user) return
    this.close()
    this.#shelf.open(user, (note) => this.#hear(note))
    const stored = await this.#shelf.list().catch(() => null)
    if (this.#shelf.user !== user) return
    for (const item of stored ?? []) this.#lanes.adopt(item)
    this.flush()
    if (stored !== null) await this.#shelf.sweep(stored).catch(() => {})
  }

  /** Forgets what is in memory; the store keeps it. */
  close(): void {
    this.#uploader.close()
    this.#shelf.close()
    this.#lanes.clear()
  }

  /** Removes what this person left here, from the store too. */
  forget(user: string): Promise<void> {
    return this.#shelf.forget(user)
  }

  items(room: string): readonly OutboxItem[] {
    return this.#lanes.get(room)?.items ?? NONE
  }

  /** Whether files of so many bytes can wait here until they are uploaded. */
  hasSpace(bytes: number): boolean {
    const kept = [...this.#lanes.all()].reduce((sum, [, { items }]) => sum + keptBytes(items), 0)
    return kept + bytes <= KEPT_MAX_BYTES
  }

  part(upload: string): Store<number> {
    return this.#uploader.part(upload)
  }

  bytes(upload: string): Promise<Blob | undefined> {
    return this.#shelf.bytes(upload)
  }

  /**
   * Throws `unauthenticated` when nobody is signed in, `invalid_request` for what no server would take, `too_large` where
   * there is no space for its files.
   */
  add(room: string, message: NewMessage): OutboxItem {
    if (this.#shelf.user === null) throw new ParleyError('unauthenticated')
    const { clock, newId, online } = this.#options
    const now = clock.now()
    const order = Math.max(this.#lanes.order + 1, now)
    const { item, bytes } = toOutboxItem(room, message, { now, order, newId, online: online() })
    if (!this.hasSpace(keptBytes([item]))) throw new ParleyError('too_large')
    this.#lanes.order = order
    this.#lanes.put(item, bytes)
    void this.#drain(room)
    return item
  }

  /** True when there was such a failed message. */
  retry(clientId: string): boolean {
    const item = this.#lanes.find(clientId)
    if (item?.error === undefined) return false
    this.#lanes.put(toTryAgain(item))
    void this.#drain(item.room)
    return true
  }

  /** Gives up a message that failed or whose files are not all uploaded. One that is being sent cannot be taken back. */
  discard(clientId: string): boolean {
    const item = this.#lanes.find(clientId)
    if (item === undefined || (item.error === undefined && !isUploading(item))) return false
    this.#lanes.drop(item)
    void this.#shelf.changing(item, () => this.#lanes.unstore(item))
    return true
  }

  /** Takes one file out of such a message, which goes on without it; one that has nothing left is given up. */
  removeUpload(clientId: string, upload: string): boolean {
    const item = this.#lanes.find(clientId)
    const lane = item && this.#lanes.get(item.room)
    if (item === undefined || lane === undefined || (item.error === undefined && !isUploading(item)))
      return false
    if (!item.uploads?.some(({ id }) => id === upload)) return false
    if (item.uploads.length === 1 && item.body === '') return this.discard(clientId)
    void this.#lanes
      .change(lane, item, (now) => withoutUpload(now, upload))
      .then(() => {
        void this.#shelf.removeBytes([upload])
        void this.#drain(item.room)
      })
    return true
  }

  /** A connection is there: everything that waits goes on, without its pause. */
  flush(): void {
    for (const [room, lane] of this.#lanes.all()) {
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
    if (item !== undefined) this.#lanes.finish(item)
  }

  /** The room's facts jumped ahead (a reconnect): messages that are within them have arrived. */
  settle(room: string): void {
    const lane = this.#lanes.get(room)
    if (lane === undefined) return
    const upTo = this.#options.arrived(room)
    for (const item of lane.items)
      if (item.sent !== undefined && item.sent.seq <= upTo) this.#lanes.drop(item)
  }

  /** Another tab of this person has put, changed or finished something. */
  #hear(note: Note): void {
    if (note.kind === 'put') {
      if (note.item.uploads === undefined) this.#take(note.item)
      // A word may come late; the store knows what counts now. What is gone from it was sent by now.
      else
        void this.#shelf.find(note.item).then(
          (now) => this.#take(now ?? note.item),
          () => {},
        )
      return
    }
    const lane = this.#lanes.get(note.room)
    const item = lane?.items.find((one) => one.client_id === note.client_id)
    if (lane !== undefined && item !== undefined) this.#finishedElsewhere(note.room, lane, item)
  }

  #take(item: OutboxItem): void {
    // Its own change is newer.
    if (this.#shelf.user === null || this.#lanes.get(item.room)?.saving.has(item.client_id)) return
    this.#lanes.adopt(item)
    void this.#drain(item.room)
  }

  async #drain(room: string): Promise<void> {
    const lane = this.#lanes.get(room)
    if (lane === undefined || this.#shelf.user === null || lane.cancelRetry !== null) return
    if (lane.sending) {
      lane.again = true
      return
    }
    lane.sending = true
    do {
      lane.again = false
      if (!nextToSend(lane) || !this.#options.online()) break
      // A page that is being put away may be refused the lock; the next connection tries again.
      await this.#shelf.holding(room, () => this.#sendAll(room, lane)).catch(() => {})
    } while (lane.again && lane.cancelRetry === null)
    lane.sending = false
    this.#lanes.tidy(room, lane)
  }

  /** Holding the lock: nobody else sends for this room now. */
  async #sendAll(room: string, lane: Lane): Promise<void> {
    await this.#compare(room, lane)
    for (;;) {
      const item = nextToSend(lane)
      if (item === undefined || this.#lanes.get(room) !== lane || !this.#options.online()) return
      await lane.saving.get(item.client_id)
      if (item.uploads !== undefined) await this.#shelf.changing(item, async () => {})
      if (nextToSend(lane) !== item) continue
      const upload = nextUpload(item)
      const goOn = upload === undefined ? this.#sendOne(lane, item) : this.#upload(lane, item, upload)
      if (!(await goOn)) return
    }
  }

  /** Another tab may have sent or refused some of it while this one waited for the lock. */
  async #compare(room: string, lane: Lane): Promise<void> {
    if (this.#options.locks === null) return
    const found = await this.#shelf.list(room).catch(() => null)
    if (found === null || this.#lanes.get(room) !== lane) return
    const present = new Set<string>()
    for (const item of found) {
      present.add(item.client_id)
      const known = lane.items.find((one) => one.client_id === item.client_id)
      const changed = item.uploads !== undefined && !lane.saving.has(item.client_id)
      if (known === undefined || known.error !== item.error || changed) this.#lanes.adopt(item)
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
    // Of files that were on their way the ids are not known here: the entry alone shows them.
    if (item.error !== undefined || isUploading(item)) {
      this.#lanes.drop(item)
      return
    }
    this.#lanes.show({ ...item, elsewhere: true })
    lane.cancelCheck ??= this.#options.clock.after(ELSEWHERE_CHECK_MS, () => {
      lane.cancelCheck = null
      for (const { elsewhere, ...left } of lane.items) if (elsewhere) this.#lanes.show(left)
      void this.#drain(room)
    })
  }

  /** False: the lane must wait. */
  async #sendOne(lane: Lane, item: OutboxItem): Promise<boolean> {
    const { room, client_id, body, reply_to } = item
    const files = filesOf(item)
    try {
      const answer = await this.#options.send({
        t: 'send',
        room,
        client_id,
        body,
        ...(reply_to === undefined ? {} : { reply_to }),
        ...(files.length === 0 ? {} : { file_ids: files.map(({ id }) => id) }),
      })
      lane.failures = 0
      if (this.#lanes.get(room) === lane) await this.#sent(lane, item, answer)
      return true
    } catch (error) {
      if (this.#lanes.get(room) !== lane) return false
      // The next connection goes on where this one ended.
      if (error instanceof LinkLostError || !lane.items.includes(item))
        return !(error instanceof LinkLostError)
      return this.#refused(lane, item, error)
    }
  }

  /** Uploads one file of it, and keeps its id before anything else. False: the lane must wait. */
  async #upload(lane: Lane, item: OutboxItem, upload: OutboxUpload): Promise<boolean> {
    try {
      const bytes = await this.#shelf.bytes(upload.id)
      if (bytes === undefined) throw new ParleyError('not_found')
      const file = await this.#uploader.run(upload, bytes)
      const uploaded_at = this.#options.clock.now()
      await this.#lanes.change(lane, item, (now) => withUpload(now, upload.id, { file, uploaded_at }))
      lane.failures = 0
      return true
    } catch (error) {
      if (this.#lanes.get(item.room) !== lane) return false
      if (error instanceof UploadCancelledError) return true
      return this.#refused(lane, item, error, upload)
    }
  }

  /** What passes is waited for; what does not makes the message a failure, or is mended. False: the lane must wait. */
  async #refused(lane: Lane, item: OutboxItem, error: unknown, upload?: OutboxUpload): Promise<boolean> {
    if (!(error instanceof ParleyError) || error.retryable || error.code === 'unauthenticated') {
      this.#pause(lane, item.room, error instanceof ParleyError ? error.retryAfterMs : undefined)
      return false
    }
    const { code, message } = error
    const failed = { error: message, error_code: code }
    const anew = code === 'not_found' ? withoutStale(item, this.#options.clock.now()) : undefined
    if (upload !== undefined)
      await this.#lanes.change(lane, item, (now) => ({
        ...withUpload(now, upload.id, { refused: code }),
        ...failed,
      }))
    else this.#lanes.put(anew ?? { ...item, ...failed })
    return true
  }

  /** Resolves when the store knows too: the next tab to hold the lock must not find it there. */
  #sent(lane: Lane, item: OutboxItem, { seq, at }: { seq: number; at: number }): Promise<void> {
    // Another tab's word may have put it there anew; if it is gone, the entry was faster than the answer.
    const here = lane.items.find(({ client_id }) => client_id === item.client_id)
    if (here === undefined) return Promise.resolve()
    const unstored = this.#lanes.unstore(here)
    if (seq <= this.#options.arrived(item.room)) this.#lanes.drop(here)
    else this.#lanes.show({ ...here, sent: { seq, at } })
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
