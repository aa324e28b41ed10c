/**
 * Between two browsers in a call: what one says reaches the other once and in order, over signals that may be lost,
 * doubled, reordered, or from an endpoint or a session that is over. Every packet names both endpoints and both sessions;
 * what is not confirmed is sent again.
 *
 * What is said before the other's session is known (so that nobody waits a round trip for it) is heard by a line that
 * knew none either when it began. Whoever learns that the other one began anew does so too, under a new session of their
 * own: what they had said to nobody in particular may have been heard.
 */
import type { Clock } from '../clock.ts'

/** What is said within this time goes as one packet: ICE candidates come in bursts. */
const BATCH_MS = 20
const CONFIRM_MS = 200
const REPEAT_MIN_MS = 1_000
/** Who was silent until now: what was said to whoever was there before is perhaps new to them. */
const REPEAT_FIRST_MS = 400
const REPEAT_MAX_MS = 8_000
/** Of one packet's bodies, in characters; the server takes 64 Ki. A single body may be larger. */
const PACKET_MAX_CHARS = 40_000
/** What came too early and is kept; the rest is sent again anyway. */
const EARLY_MAX = 256

export interface Packet {
  readonly from: string
  readonly to: string
  /** The sender's session, and which of the receiver's it means; 0 while it knows none. */
  readonly session: number
  readonly meant: number
  /** Everything up to this number has come. */
  readonly got: number
  /** The number of the first body. */
  readonly first: number
  readonly bodies: readonly unknown[]
  /** The sender's line began because the receiver had begun anew: it listens to that session alone. */
  readonly renewed: boolean
}

export interface SignalLineParts {
  readonly clock: Clock
  readonly mine: string
  readonly theirs: string
  /** Larger than that of every earlier line of this endpoint, and more than 0. */
  readonly session: number
  /** The other's session, where that is why this line begins. */
  readonly theirSession?: number
  /** May lose it. */
  readonly send: (packet: Packet) => void
  readonly deliver: (body: unknown) => void
  /** The other one began anew; this line is over, and the next one has the same session (`same`) or a new one. */
  readonly restarted: (packet: Packet, same: boolean) => void
}

/** Null for what is no packet. */
export function readPacket(data: string): Packet | null {
  try {
    const packet = JSON.parse(data) as Partial<Packet> | null
    const { from, to, session, meant, got, first, bodies, renewed } = packet ?? {}
    const numbers = [session, meant, got, first]
    const isPacket =
      typeof from === 'string' &&
      typeof to === 'string' &&
      typeof renewed === 'boolean' &&
      numbers.every((number) => Number.isSafeInteger(number)) &&
      Array.isArray(bodies)
    return isPacket ? (packet as Packet) : null
  } catch {
    return null
  }
}

export class SignalLine {
  readonly #parts: SignalLineParts
  /** Not confirmed; the first has the number `#confirmed` + 1. */
  readonly #waiting: unknown[] = []
  readonly #early = new Map<number, unknown>()
  #confirmed = 0
  #sent = 0
  #got = 0
  #theirSession = 0
  #repeatMs = REPEAT_MIN_MS
  #cancelFlush: (() => void) | null = null
  #cancelConfirm: (() => void) | null = null
  #cancelRepeat: (() => void) | null = null
  #closed = false

  constructor(parts: SignalLineParts) {
    this.#parts = parts
    this.#theirSession = parts.theirSession ?? 0
    if (this.#theirSession === 0) this.#planFlush()
  }

  /** `urgent`: what comes afterwards goes in another packet. */
  send(body: unknown, urgent = false): void {
    if (this.#closed) return
    this.#waiting.push(body)
    if (urgent) this.#flush()
    else this.#planFlush()
  }

  /** There is a line to the server again: what was said meanwhile is lost, here or there. */
  hurry(): void {
    if (!this.#closed && this.#theirSession !== 0) this.#sayAgain()
  }

  take(packet: Packet): void {
    const { mine, theirs, session, restarted } = this.#parts
    if (this.#closed || packet.from !== theirs || packet.to !== mine) return
    // Said by the other's earlier self.
    if (packet.session < this.#theirSession || packet.session <= 0) return
    if (this.#theirSession !== 0 && packet.session > this.#theirSession) {
      this.close()
      // Who began anew for the other's sake has said nothing to anybody else, and stays who they are: that ends it.
      restarted(packet, packet.renewed || this.#parts.theirSession !== undefined)
      return
    }
    // Meant for one's earlier self.
    if (packet.meant !== 0 && packet.meant !== session) return
    if (this.#theirSession === 0) this.#meet(packet.session)
    if (packet.meant === 0 || packet.bodies.length > 0)
      this.#cancelConfirm ??= this.#parts.clock.after(CONFIRM_MS, () => this.#transmit(this.#sent, 0))
    if (packet.meant !== 0) this.#confirm(packet.got)
    else if (this.#parts.theirSession !== undefined) return
    this.#receive(packet)
    // Whoever was away for longer is heard again.
    if (!this.#closed && this.#sent > this.#confirmed && this.#repeatMs > REPEAT_MIN_MS) this.#sayAgain()
  }

  #meet(session: number): void {
    this.#theirSession = session
    this.#cancelRepeat?.()
    this.#cancelRepeat = null
    this.#repeatMs = REPEAT_FIRST_MS
    if (this.#sent > this.#confirmed) this.#planRepeat()
  }

  close(): void {
    this.#closed = true
    this.#cancelFlush?.()
    this.#cancelConfirm?.()
    this.#cancelRepeat?.()
  }

  #confirm(got: number): void {
    if (got <= this.#confirmed || got > this.#sent) return
    this.#waiting.splice(0, got - this.#confirmed)
    this.#confirmed = got
    this.#repeatMs = REPEAT_MIN_MS
    this.#cancelRepeat?.()
    this.#cancelRepeat = null
    if (this.#sent > this.#confirmed) this.#planRepeat()
  }

  #receive({ first, bodies }: Packet): void {
    bodies.forEach((body, at) => {
      const number = first + at
      if (number > this.#got && this.#early.size < EARLY_MAX) this.#early.set(number, body)
    })
    while (!this.#closed && this.#early.has(this.#got + 1)) {
      const number = ++this.#got
      const body = this.#early.get(number)
      this.#early.delete(number)
      this.#parts.deliver(body)
    }
    // The bound must not keep out the one that all others wait for.
    if (this.#early.size >= EARLY_MAX) this.#early.clear()
  }

  #planFlush(): void {
    this.#cancelFlush ??= this.#parts.clock.after(BATCH_MS, () => {
      this.#flush()
    })
  }

  /** What was not sent yet; with nothing to say, that there is somebody. */
  #flush(): void {
    this.#cancelFlush?.()
    this.#cancelFlush = null
    const end = this.#confirmed + this.#waiting.length
    if (this.#sent === end && this.#theirSession === 0) this.#transmit(end, 0)
    while (this.#sent < end) {
      const count = this.#fitting(this.#sent)
      const from = this.#sent
      this.#sent += count
      this.#transmit(from, count)
    }
    if (this.#cancelRepeat === null) this.#planRepeat()
  }

  #planRepeat(): void {
    this.#cancelRepeat = this.#parts.clock.after(this.#repeatMs, () => {
      this.#cancelRepeat = null
      if (this.#theirSession !== 0 && this.#sent === this.#confirmed) return
      this.#repeatMs = Math.min(Math.max(this.#repeatMs * 2, REPEAT_MIN_MS), REPEAT_MAX_MS)
      this.#repeat()
      this.#planRepeat()
    })
  }

  /** Now, and then as often as if it were new. */
  #sayAgain(): void {
    this.#cancelRepeat?.()
    this.#repeatMs = REPEAT_MIN_MS
    this.#repeat()
    this.#planRepeat()
  }

  #repeat(): void {
    const count = Math.min(this.#fitting(this.#confirmed), this.#sent - this.#confirmed)
    this.#transmit(this.#confirmed, count)
  }

  /** How many bodies behind this number go into one packet: at least one. */
  #fitting(after: number): number {
    let chars = 0
    let count = 0
    for (const body of this.#waiting.slice(after - this.#confirmed)) {
      chars += JSON.stringify(body).length
      if (count > 0 && chars > PACKET_MAX_CHARS) break
      count++
    }
    return count
  }

  #transmit(after: number, count: number): void {
    const { mine, theirs, session, send } = this.#parts
    this.#cancelConfirm?.()
    this.#cancelConfirm = null
    const from = after - this.#confirmed
    send({
      from: mine,
      to: theirs,
      session,
      meant: this.#theirSession,
      got: this.#got,
      first: after + 1,
      bodies: this.#waiting.slice(from, from + count),
      renewed: this.#parts.theirSession !== undefined,
    })
  }
}
