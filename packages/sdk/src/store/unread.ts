import { UNREAD_CAP } from '@parley/protocol'

/**
 * How many messages of others are beyond the read watermark, between two statements of the server. The server's number
 * may be older or younger than the entries that arrive around it; what was seen with own eyes settles the doubt.
 */
export class UnreadCounter {
  /** Messages of others that were seen to arrive, ascending; more than the cap need not be told apart. */
  #seen: number[] = []
  /** Every message beyond this was seen. */
  #from: number
  /** The server's word on what is unread up to `#from`. */
  #before: number

  constructor(head: number, unread: number) {
    this.#from = head
    this.#before = unread
  }

  message(seq: number): void {
    this.#seen.push(seq)
    if (this.#seen.length > UNREAD_CAP + 1) this.#seen.shift()
  }

  /** False when only the server knows what this deletion changes. */
  deleted(seq: number, read: number): boolean {
    if (this.#seen.includes(seq)) this.#seen = this.#seen.filter((other) => other !== seq)
    else if (seq <= this.#from && seq > read) return false
    return true
  }

  /** The server's number for this watermark, told some time after `#from`. */
  tell(unread: number, read: number): void {
    this.#before = read >= this.#from ? 0 : Math.max(0, unread - this.#beyond(read))
  }

  count(read: number): number {
    const before = read >= this.#from ? 0 : this.#before
    return Math.min(UNREAD_CAP, before + this.#beyond(read))
  }

  #beyond(read: number): number {
    let count = 0
    for (const seq of this.#seen) if (seq > read) count++
    return count
  }
}
