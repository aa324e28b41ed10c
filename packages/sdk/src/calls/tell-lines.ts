/**
 * Where an SFU carries sound and pictures: what everybody says of what they send, from browser to browser. It lives on
 * when the call moves from one SFU to another.
 */
import { readPacket, SignalLine } from './signal-line.ts'
import { type Told, type TransportParts, toldOf } from './transport.ts'

interface Held {
  readonly endpoint: string
  readonly line: SignalLine
  told: Told | null
}

export type TellLinesParts = Pick<
  TransportParts,
  'clock' | 'local' | 'endpoint' | 'newSession' | 'signal' | 'changed'
>

export class TellLines {
  readonly #parts: TellLinesParts
  readonly #held = new Map<string, Held>()
  #saidLast: string

  constructor(parts: TellLinesParts) {
    this.#parts = parts
    this.#saidLast = JSON.stringify(toldOf(parts.local))
  }

  update(there: ReadonlyMap<string, string>): void {
    for (const [user, { endpoint }] of this.#held) if (there.get(user) !== endpoint) this.#drop(user)
    for (const [user, endpoint] of there)
      if (!this.#held.has(user)) this.#open(user, endpoint, this.#parts.newSession())
  }

  hear(from: string, data: string): boolean {
    const packet = readPacket(data)
    if (packet === null) return true
    const held = this.#held.get(from)
    held?.line.take(packet)
    return held !== undefined && this.#name(held.endpoint) === packet.from
  }

  /** Tells everybody, if it is something new. */
  sync(): void {
    const told = toldOf(this.#parts.local)
    const said = JSON.stringify(told)
    if (said === this.#saidLast) return
    this.#saidLast = said
    for (const { line } of this.#held.values()) line.send({ told })
  }

  told(user: string): Told | null {
    return this.#held.get(user)?.told ?? null
  }

  close(): void {
    for (const user of [...this.#held.keys()]) this.#drop(user)
  }

  /** Nothing of a mesh is heard here. */
  #name(endpoint: string): string {
    return `${endpoint}#sfu`
  }

  #open(user: string, endpoint: string, session: number, theirSession?: number): SignalLine {
    const { clock, endpoint: mine, signal, newSession, changed, local } = this.#parts
    const line = new SignalLine({
      clock,
      mine: this.#name(mine),
      theirs: this.#name(endpoint),
      session,
      ...(theirSession === undefined ? {} : { theirSession }),
      send: (packet) => signal(user, JSON.stringify(packet)),
      deliver: (body) => {
        held.told = (body as { readonly told: Told }).told
        changed()
      },
      restarted: (packet, same) =>
        this.#open(user, endpoint, same ? session : newSession(), packet.session).take(packet),
    })
    const held: Held = { endpoint, line, told: null }
    this.#held.set(user, held)
    line.send({ told: toldOf(local) })
    return line
  }

  #drop(user: string): void {
    this.#held.get(user)?.line.close()
    this.#held.delete(user)
  }
}
