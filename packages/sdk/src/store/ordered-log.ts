import type { Entry } from '@parley/protocol'

/** Entries kept while a gap before them is fetched; more than that come again by `log`. */
const HELD_MAX_ENTRIES = 1_000

/** Hands on a room's entries strictly in order, each once, whatever order and repetition they come in. */
export class OrderedLog {
  readonly #apply: (entry: Entry) => void
  readonly #held = new Map<number, Entry>()
  #position: number
  #head: number

  constructor(position: number, apply: (entry: Entry) => void) {
    this.#position = position
    this.#head = position
    this.#apply = apply
  }

  /** Everything up to here is applied. */
  get position(): number {
    return this.#position
  }

  /** Something up to the known head is missing. */
  get behind(): boolean {
    return this.#position < this.#head
  }

  offer(entry: Entry): void {
    if (entry.seq <= this.#position) return
    this.expect(entry.seq)
    if (entry.seq === this.#position + 1) {
      this.#position = entry.seq
      this.#apply(entry)
      this.#drain()
    } else if (this.#held.size < HELD_MAX_ENTRIES) {
      this.#held.set(entry.seq, entry)
    }
  }

  /** The room is known to have entries up to here. */
  expect(head: number): void {
    if (head > this.#head) this.#head = head
  }

  /** State up to here came by another way (a fresh fetch, or history before it is gone). */
  jump(position: number): void {
    if (position <= this.#position) return
    this.#position = position
    this.expect(position)
    for (const seq of this.#held.keys()) if (seq <= position) this.#held.delete(seq)
    this.#drain()
  }

  /** There is nothing to wait for: what was held is dropped. */
  giveUp(): void {
    this.#held.clear()
    this.#head = this.#position
  }

  #drain(): void {
    for (;;) {
      const entry = this.#held.get(this.#position + 1)
      if (entry === undefined) return
      this.#held.delete(entry.seq)
      this.#position = entry.seq
      this.#apply(entry)
    }
  }
}
