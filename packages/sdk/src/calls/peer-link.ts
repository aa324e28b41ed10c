/**
 * One peer connection and its line: perfect negotiation. Everything is done in turn and the line keeps the order, so that
 * glare is only ever an offer that comes while one's own is not answered: the polite one takes its own back.
 */
import type { Clock } from '../clock.ts'
import type { CallPeer, Quality } from './call-types.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { FlowWatch, STILL_MS } from './flow-watch.ts'
import type { Outgoing } from './local-media.ts'
import type {
  DescriptionLike,
  MediaPort,
  PeerConfiguration,
  PeerPort,
  PictureLimit,
  SenderLike,
  StreamLike,
  TrackLike,
} from './media-port.ts'
import { type Counted, count, judge } from './quality.ts'
import type { SignalLine } from './signal-line.ts'
import { SpeakingMeter } from './speaking.ts'
import type { Told } from './transport.ts'

type Body =
  | { readonly description: DescriptionLike }
  | { readonly candidate: unknown }
  | { readonly told: Told }

export interface PeerLinkParts {
  readonly clock: Clock
  readonly port: MediaPort
  readonly user: string
  /** Of the two exactly one is. */
  readonly polite: boolean
  readonly line: Pick<SignalLine, 'send' | 'hurry' | 'close'>
  readonly configuration: () => PeerConfiguration
  /** Fetches fresh credentials for `configuration`. Never rejects. */
  readonly refresh: () => Promise<void>
  readonly changed: () => void
  /** Nothing comes any more. */
  readonly still: () => void
}

/** The polite one leaves it to the other one to look for another way first. */
const POLITE_STILL_MS = STILL_MS + 500

interface Slot {
  readonly source: Outgoing['source']
  readonly sender: SenderLike
  track: TrackLike
}

export class PeerLink {
  readonly #parts: PeerLinkParts
  readonly #peer: PeerPort
  readonly #watch: ConnectionWatch
  readonly #meter: SpeakingMeter
  readonly #flow: FlowWatch
  readonly #slots = new Map<string, Slot>()
  #limit: PictureLimit | null = null
  readonly #streams = new Map<string, StreamLike>()
  /** Streams that ever were a screen: one that ended must not be taken for the camera. */
  readonly #shown = new Set<string>()
  /** Of the other one, until there is a description that they belong to. */
  #candidates: unknown[] = []
  #described = false
  /** Two first offers would cost time: the polite one's tracks go with its answer. */
  #waits: boolean
  /** The other one's last offer gave way to one's own, and with it the candidates that follow. */
  #ignoring = false
  #told: Told = { sound: false, video: false, display: null }
  #saidLast = ''
  #counted: Counted | null = null
  #quality: Quality = 'unknown'
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(parts: PeerLinkParts) {
    const { clock, changed } = parts
    this.#parts = parts
    this.#waits = parts.polite
    this.#meter = new SpeakingMeter(clock)
    this.#flow = new FlowWatch(clock, parts.polite ? POLITE_STILL_MS : STILL_MS, () => {
      this.#watch.doubt()
      parts.still()
    })
    this.#watch = new ConnectionWatch({ clock, changed, restart: () => void this.#restart() })
    this.#peer = parts.port.createPeer(parts.configuration(), {
      negotiationNeeded: () => this.#inTurn(() => this.#offer()),
      candidate: (candidate) => {
        if (candidate !== null) this.#say({ candidate })
      },
      stage: (stage) => this.#watch.take(stage),
      track: (stream) => {
        this.#streams.set(stream.id, stream)
        changed()
      },
    })
  }

  view(): CallPeer {
    const { sound, video, display } = this.#told
    const streams = [...this.#streams.values()]
    const { state } = this.#watch
    return {
      user: this.#parts.user,
      state,
      quality: state === 'connected' ? this.#quality : 'unknown',
      speaking: sound && this.#meter.speaking,
      sound,
      video,
      screen: display !== null,
      camera: streams.findLast(({ id }) => id !== display && !this.#shown.has(id)) ?? null,
      display: (display === null ? undefined : this.#streams.get(display)) ?? null,
    }
  }

  /** Sends exactly these tracks, and tells what they are. */
  sync(outgoing: readonly Outgoing[], told: Told): void {
    if (this.#closed) return
    const said = JSON.stringify(told)
    // Before the description: what comes of it is known by then.
    if (said !== this.#saidLast) this.#say({ told })
    this.#saidLast = said
    const wanted = new Set(outgoing.map(({ source, stream }) => `${source} ${stream.id}`))
    for (const [key, { sender }] of this.#slots) {
      if (wanted.has(key)) continue
      this.#slots.delete(key)
      this.#peer.removeTrack(sender)
    }
    for (const { source, track, stream } of outgoing) {
      const key = `${source} ${stream.id}`
      const known = this.#slots.get(key)
      if (known === undefined) {
        const slot: Slot = { source, track, sender: this.#peer.addTrack(track, stream) }
        this.#slots.set(key, slot)
        if (this.#limit !== null) this.#hold(slot)
      } else if (known.track !== track) {
        known.track = track
        // Refused when the connection is closing.
        known.sender.replaceTrack(track).catch(() => {})
      }
    }
  }

  /** How large the camera's picture is sent. */
  limit(limit: PictureLimit | null): void {
    if (limit === this.#limit || this.#closed) return
    this.#limit = limit
    for (const slot of this.#slots.values()) this.#hold(slot)
  }

  /** What came over the line, in order. */
  take(body: unknown): void {
    if (typeof body !== 'object' || body === null) return
    const said = body as Body
    if ('description' in said) this.#inTurn(() => this.#describe(said.description))
    else if ('candidate' in said) this.#inTurn(() => this.#candidate(said.candidate))
    else if ('told' in said) {
      this.#told = said.told
      if (said.told.display !== null) this.#shown.add(said.told.display)
      this.#parts.changed()
    }
  }

  listen(): void {
    if (this.#closed) return
    const { level, at } = this.#peer.hearing()
    const { sound, video, display } = this.#told
    this.#flow.take(at, sound || video || display !== null)
    if (this.#meter.take(level)) this.#parts.changed()
  }

  async measure(): Promise<void> {
    if (this.#closed || this.#watch.state !== 'connected') return
    const now = count(await this.#peer.stats().catch(() => []))
    const { sound, video, display } = this.#told
    const quality = judge(this.#counted, now, sound || video || display !== null)
    this.#counted = now
    if (quality === this.#quality || this.#closed) return
    this.#quality = quality
    this.#parts.changed()
  }

  async saying(): Promise<number> {
    return this.#closed ? 0 : this.#peer.saying().catch(() => 0)
  }

  wake(): void {
    this.#watch.wake()
    this.#parts.line.hurry()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.close()
    this.#parts.line.close()
    this.#peer.close()
  }

  async #offer(): Promise<void> {
    // The browser asks again when it is stable.
    if (this.#waits || this.#peer.signalingState !== 'stable') return
    this.#say({ description: await this.#peer.setLocalDescription() })
  }

  async #restart(): Promise<void> {
    const { refresh, configuration } = this.#parts
    await refresh()
    if (this.#closed) return
    this.#waits = false
    this.#peer.configure(configuration())
    this.#peer.restartIce()
  }

  async #describe(description: DescriptionLike): Promise<void> {
    const isOffer = description.type === 'offer'
    const open = this.#peer.signalingState !== 'stable'
    if (isOffer && open && !this.#parts.polite) {
      this.#ignoring = true
      return
    }
    // An answer to an offer that was taken back.
    if (!isOffer && !open) return
    this.#ignoring = false
    this.#flow.forgive()
    await this.#peer.setRemoteDescription(description)
    this.#described = true
    this.#waits = false
    const early = this.#candidates
    this.#candidates = []
    for (const candidate of early) await this.#addCandidate(candidate)
    if (isOffer) this.#say({ description: await this.#peer.setLocalDescription() })
  }

  async #candidate(candidate: unknown): Promise<void> {
    if (this.#ignoring) return
    if (this.#described) await this.#addCandidate(candidate)
    else this.#candidates.push(candidate)
  }

  /** One that is of no use here (an address family, an earlier generation) is not worth a word. */
  async #addCandidate(candidate: unknown): Promise<void> {
    await this.#peer.addCandidate(candidate).catch(() => {})
  }

  #hold({ source, sender }: Slot): void {
    if (source === 'camera') void sender.limit(this.#limit)
  }

  #say(body: Body): void {
    if (!this.#closed) this.#parts.line.send(body, 'description' in body)
  }

  /** What the browser refuses shows as a connection that does not come; the restart tries again. */
  #inTurn(step: () => Promise<void>): void {
    this.#turn = this.#turn.then(() => (this.#closed ? undefined : step())).catch(() => {})
  }
}
