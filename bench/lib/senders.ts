import { DIALECTS, type Dialect, type DialectName, type Reading } from './dialects.ts'
import type { RawSocket } from './raw-socket.ts'

/** The largest list of acknowledgement times kept in one run; beyond it the first ones speak for all. */
const MAX_ACK_TIMES = 500_000

/** Counts and times of all senders together. */
export interface SendTally {
  sent: number
  acked: number
  /** Acknowledged messages by room. */
  ackedInRoom: Map<string, number>
  /** What senders saw that must not be: refusals, and entries missing, repeated or out of order. */
  faults: string[]
  /** From writing to acknowledgement, while `timing`. */
  ackMs: number[]
  timing: boolean
}

export function createTally(): SendTally {
  return { sent: 0, acked: 0, ackedInRoom: new Map(), faults: [], ackMs: [], timing: false }
}

export interface SenderOptions {
  socket: RawSocket
  dialect: DialectName
  tally: SendTally
  /** How many messages may be without an answer. */
  window: number
  /** Begins the `client_id` of each message; unique among all senders of all runs on a server. */
  tag: string
  now(): number
}

/** Keeps a window of messages outstanding on one connection, and checks the order of what it receives. */
export class Sender {
  readonly socket: RawSocket
  /** Entries received, read one by one: a sender's own frames are parsed, unlike a receiver's. */
  entries = 0
  readonly outstanding = new Map<number, number>()
  #options: SenderOptions
  #dialect: Dialect
  #nextId = 1
  #lastSeq: number | undefined
  #running = false
  #bodies: readonly string[] = []

  constructor(options: SenderOptions) {
    this.#options = options
    this.#dialect = DIALECTS[options.dialect]
    this.socket = options.socket
    this.socket.keepAllFrames(true)
    this.socket.onReading = (reading) => this.#take(reading)
  }

  /** Sends one message outside the window, for probing. */
  sendOne(body: string): void {
    this.#bodies = [body]
    this.#send()
    this.socket.flush()
  }

  /** Sends from now on, the bodies in turn. */
  start(bodies: readonly string[]): void {
    this.#bodies = bodies
    this.#running = true
    this.#fill()
    this.socket.flush()
  }

  stop(): void {
    this.#running = false
  }

  #fill(): void {
    while (this.#running && this.outstanding.size < this.#options.window) this.#send()
  }

  #send(): void {
    const { tag, tally, now } = this.#options
    const id = this.#nextId++
    this.outstanding.set(id, now())
    tally.sent++
    const body = this.#bodies[id % this.#bodies.length] ?? ''
    this.socket.queueText(this.#dialect.send(id, this.socket.room, `${tag}-${id}`, body))
  }

  #take(reading: Reading): void {
    const { tally, now } = this.#options
    if (reading.kind === 'entry') {
      if (this.#lastSeq !== undefined && reading.seq !== this.#lastSeq + 1) {
        this.#fault(`entry ${reading.seq} followed entry ${this.#lastSeq}`)
      }
      this.#lastSeq = reading.seq
      this.entries++
      return
    }
    if (reading.kind !== 'ack' && reading.kind !== 'refused') return
    const sentAt = this.outstanding.get(reading.id)
    if (sentAt === undefined) {
      this.#fault(`an answer to ${reading.id}, which was not asked`)
      return
    }
    this.outstanding.delete(reading.id)
    if (reading.kind === 'refused') {
      // A window that refills at once after a refusal would only hammer: this sender is done.
      this.#running = false
      this.#fault(`a message was refused: ${reading.reason}`)
      return
    }
    tally.acked++
    const { room } = this.socket
    tally.ackedInRoom.set(room, (tally.ackedInRoom.get(room) ?? 0) + 1)
    if (tally.timing && tally.ackMs.length < MAX_ACK_TIMES) tally.ackMs.push(now() - sentAt)
    this.#fill()
  }

  #fault(text: string): void {
    if (this.#options.tally.faults.length < 20) this.#options.tally.faults.push(text)
  }
}
