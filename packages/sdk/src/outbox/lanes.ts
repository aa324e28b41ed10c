/** What waits to be sent, by room: in memory as the screens show it, and in the store as it will be found again. */
import { createLane, isIdle, type Lane, putItem, takeItem } from './lane.ts'
import type { OutboxItem } from './outbox-item.ts'
import type { Shelf } from './shelf.ts'
import type { Uploader } from './uploader.ts'

export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  readonly #shelf: Shelf
  readonly #uploader: Uploader
  readonly #changed: (room: string) => void
  /** Of the newest message. */
  order = 0

  constructor(shelf: Shelf, uploader: Uploader, changed: (room: string) => void) {
    this.#shelf = shelf
    this.#uploader = uploader
    this.#changed = changed
  }

  get(room: string): Lane | undefined {
    return this.#lanes.get(room)
  }

  all(): ReadonlyMap<string, Lane> {
    return this.#lanes
  }

  clear(): void {
    const rooms = [...this.#lanes.keys()]
    for (const lane of this.#lanes.values()) {
      lane.cancelRetry?.()
      lane.cancelCheck?.()
    }
    this.#lanes.clear()
    for (const room of rooms) this.#changed(room)
  }

  open(room: string): Lane {
    let lane = this.#lanes.get(room)
    if (lane === undefined) {
      lane = createLane()
      this.#lanes.set(room, lane)
    }
    return lane
  }

  find(clientId: string): OutboxItem | undefined {
    for (const lane of this.#lanes.values()) {
      const item = lane.items.find((one) => one.client_id === clientId)
      if (item !== undefined) return item
    }
    return undefined
  }

  /** Shows it here and keeps it in the store, its bytes first. */
  put(item: OutboxItem, bytes?: ReadonlyMap<string, Blob>): void {
    const lane = this.open(item.room)
    this.show(item)
    const before = bytes === undefined ? lane.saving.get(item.client_id) : this.#shelf.saveBytes(bytes)
    const saving = (
      before === undefined ? this.#shelf.save(item) : before.then(() => this.#shelf.save(item))
    ).then(
      () => void lane.stored.add(item.client_id),
      // A store that is full or forbidden: the message lives as long as the page, which is better than not at all.
      () => {},
    )
    lane.saving.set(item.client_id, saving)
    void saving.then(() => {
      if (lane.saving.get(item.client_id) === saving) lane.saving.delete(item.client_id)
      this.tidy(item.room, lane)
    })
  }

  /** For what may change in several places at once: what is stored counts, and what was given up stays so. */
  change(lane: Lane, item: OutboxItem, change: (now: OutboxItem) => OutboxItem): Promise<void> {
    const { room, client_id } = item
    return this.#shelf.changing(item, async () => {
      await lane.saving.get(client_id)
      const known = () => lane.items.find((one) => one.client_id === client_id)
      const stored = lane.stored.has(client_id) ? await this.#shelf.find(item).catch(known) : known()
      const here = known()
      if (this.#lanes.get(room) !== lane || here === undefined) return
      if (stored === undefined) return this.drop(here)
      this.put(change(stored))
      await lane.saving.get(client_id)
    })
  }

  show(item: OutboxItem): void {
    const lane = this.open(item.room)
    const before = lane.items.find((one) => one.client_id === item.client_id)
    const left = new Set(item.uploads?.map(({ id }) => id))
    for (const { id } of before?.uploads ?? []) if (!left.has(id)) this.#uploader.forget(id)
    putItem(lane, item)
    this.#changed(item.room)
  }

  adopt(item: OutboxItem): void {
    const lane = this.open(item.room)
    lane.stored.add(item.client_id)
    this.order = Math.max(this.order, item.order)
    const known = lane.items.find((one) => one.client_id === item.client_id)
    if (known?.sent === undefined) this.show(item)
  }

  /** Out of the store and off the screen. */
  finish(item: OutboxItem): void {
    this.drop(item)
    void this.unstore(item)
  }

  drop(item: OutboxItem): void {
    const lane = this.#lanes.get(item.room)
    if (lane === undefined) return
    takeItem(lane, item)
    for (const { id } of item.uploads ?? []) this.#uploader.forget(id)
    this.tidy(item.room, lane)
    this.#changed(item.room)
  }

  tidy(room: string, lane: Lane): void {
    if (!isIdle(lane) || this.#lanes.get(room) !== lane) return
    lane.cancelCheck?.()
    this.#lanes.delete(room)
  }

  async unstore(item: OutboxItem): Promise<void> {
    await this.#lanes.get(item.room)?.saving.get(item.client_id)
    await this.#shelf.remove(item)
  }
}
