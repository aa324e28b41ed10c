/** Everybody in the call sends to everybody else. Loaded when a call is joined, not before. */
import type { CallShape } from '@parley/protocol/calls'
import type { CallPeer } from './call-types.ts'
import type { PictureLimit } from './media-port.ts'
import { PeerLink } from './peer-link.ts'
import { type Packet, readPacket, SignalLine } from './signal-line.ts'
import { configurationOf, othersIn, type Transport, type TransportParts, toldOf } from './transport.ts'

/** For this many others a picture is made and sent as often: neither the processor nor the line need bear it whole. */
const LIMITS: readonly (PictureLimit | null)[] = [
  null,
  null,
  { maxBitrate: 900_000, scaleResolutionDownBy: 1.5 },
  { maxBitrate: 500_000, scaleResolutionDownBy: 2 },
]

export const createMesh = (parts: TransportParts): Transport => new Mesh(parts)

interface Held {
  readonly endpoint: string
  readonly line: SignalLine
  readonly link: PeerLink
}

class Mesh implements Transport {
  readonly #parts: TransportParts
  readonly #held = new Map<string, Held>()
  #closed = false

  constructor(parts: TransportParts) {
    this.#parts = parts
  }

  update(call: CallShape): void {
    if (this.#closed) return
    const there = othersIn(call, this.#parts.me)
    for (const [user, held] of this.#held) if (there.get(user) !== held.endpoint) this.#drop(user)
    for (const [user, endpoint] of there)
      if (!this.#held.has(user)) this.#connect(user, endpoint, this.#parts.newSession())
    for (const { link } of this.#held.values()) link.limit(this.#limit())
    this.#changed()
  }

  hear(from: string, data: string): boolean {
    const packet = readPacket(data)
    if (packet === null || this.#closed) return true
    const held = this.#held.get(from)
    held?.line.take(packet)
    // It may have come before the news that they are there, or are somewhere else.
    return held !== undefined && this.#name(held.endpoint) === packet.from
  }

  /** There is no SFU. */
  take(): void {}

  sync(): void {
    for (const { link } of this.#held.values()) this.#sync(link)
  }

  /** Everybody sends one size. */
  setTile(): void {}

  peers(): readonly CallPeer[] {
    return [...this.#held.values()].map(({ link }) => link.view())
  }

  listen(): void {
    for (const { link } of this.#held.values()) link.listen()
  }

  async measure(): Promise<void> {
    await Promise.all([...this.#held.values()].map(({ link }) => link.measure()))
  }

  async saying(): Promise<number> {
    const [first] = this.#held.values()
    return (await first?.link.saying()) ?? 0
  }

  wake(): void {
    for (const { link } of this.#held.values()) link.wake()
  }

  close(): void {
    this.#closed = true
    for (const user of [...this.#held.keys()]) this.#drop(user)
  }

  /** Nothing of an earlier generation is heard in this one. */
  #name(endpoint: string): string {
    return `${endpoint}#${this.#parts.generation}`
  }

  #connect(user: string, endpoint: string, session: number, theirSession?: number): Held {
    const { clock, port, me, ice, endpoint: mine, signal, newSession, still } = this.#parts
    const line = new SignalLine({
      clock,
      mine: this.#name(mine),
      theirs: this.#name(endpoint),
      session,
      ...(theirSession === undefined ? {} : { theirSession }),
      send: (packet) => signal(user, JSON.stringify(packet)),
      deliver: (body) => held.link.take(body),
      restarted: (packet, same) => this.#reconnect(user, endpoint, same ? session : newSession(), packet),
    })
    const link = new PeerLink({
      clock,
      port,
      user,
      polite: me > user,
      line,
      configuration: () => configurationOf(this.#parts),
      refresh: () => ice.refresh(),
      changed: () => this.#changed(),
      still,
    })
    const held: Held = { endpoint, line, link }
    this.#held.set(user, held)
    this.#sync(link)
    return held
  }

  /** A reload there: its peer connection is a new one, and so must be this one. */
  #reconnect(user: string, endpoint: string, session: number, packet: Packet): void {
    this.#drop(user)
    const { line, link } = this.#connect(user, endpoint, session, packet.session)
    link.limit(this.#limit())
    line.take(packet)
    this.#changed()
  }

  #drop(user: string): void {
    this.#held.get(user)?.link.close()
    this.#held.delete(user)
  }

  #limit(): PictureLimit | null {
    return LIMITS[Math.min(this.#held.size, LIMITS.length - 1)] ?? null
  }

  #sync(link: PeerLink): void {
    const { local } = this.#parts
    link.sync(local.outgoing(), toldOf(local))
  }

  #changed(): void {
    if (!this.#closed) this.#parts.changed()
  }
}
