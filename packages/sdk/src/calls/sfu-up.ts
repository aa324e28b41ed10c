/** The connection that sends to an SFU: a section for each source, one description at a time. */
import type { TrackSource } from '@parley/protocol/calls'
import type { PeerState } from './call-types.ts'
import { CandidateBox } from './candidate-box.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { insist } from './insist.ts'
import type { Encoding, PeerPort, SectionLike, TrackLike } from './media-port.ts'
import { configurationOf, type TransportParts } from './transport.ts'

/** So that everybody receives what they show: a quarter, half, and the whole of each side. */
const SIMULCAST: readonly Encoding[] = [
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
]

interface Section {
  readonly section: SectionLike
  track: TrackLike | null
}

export interface SfuUpParts
  extends Pick<TransportParts, 'clock' | 'port' | 'local' | 'ice' | 'relayOnly' | 'ask'> {
  readonly changed: () => void
  /** The SFU refused for good, and this connection is of no use any more. */
  readonly broken: () => void
}

export class SfuUp {
  readonly #parts: SfuUpParts
  readonly #peer: PeerPort
  readonly #watch: ConnectionWatch
  readonly #candidates: CandidateBox
  readonly #sections = new Map<TrackSource, Section>()
  #dirty = false
  #publishing = false
  #refused = false
  #closed = false

  constructor(parts: SfuUpParts) {
    const { clock, changed, ask } = parts
    this.#parts = parts
    this.#candidates = new CandidateBox(clock, (candidates) => {
      ask({ do: 'candidates', way: 'up', candidates }).catch(() => {})
    })
    this.#watch = new ConnectionWatch({ clock, changed, restart: () => void this.#restart() })
    this.#peer = parts.port.createPeer(configurationOf(parts), {
      // Known here before the browser says it.
      negotiationNeeded: () => {},
      candidate: (candidate) => this.#candidates.put(candidate),
      stage: (stage) => this.#watch.take(stage),
      track: () => {},
    })
    this.sync()
  }

  /** Without anything to send nothing is missing. */
  get state(): PeerState {
    return this.#sections.size === 0 ? 'connected' : this.#watch.state
  }

  sync(): void {
    if (!this.#closed && this.#arrange()) this.#publish()
  }

  saying(): Promise<number> {
    return this.#closed ? Promise.resolve(0) : this.#peer.saying().catch(() => 0)
  }

  wake(): void {
    this.#watch.wake()
  }

  doubt(): void {
    this.#watch.doubt()
  }

  close(): void {
    this.#closed = true
    this.#watch.close()
    this.#candidates.close()
    this.#peer.close()
  }

  /** Whether the SFU has to be told. */
  #arrange(): boolean {
    let negotiate = false
    const outgoing = new Map(this.#parts.local.outgoing().map(({ source, track }) => [source, track]))
    for (const [source, held] of this.#sections) {
      const track = outgoing.get(source) ?? null
      if (track === held.track) continue
      negotiate ||= track === null || held.track === null
      held.track = track
      held.section.send(track)
    }
    for (const [source, track] of outgoing) {
      if (this.#sections.has(source)) continue
      const section = this.#peer.addSection(track, source === 'camera' ? SIMULCAST : [])
      this.#sections.set(source, { section, track })
      negotiate = true
    }
    return negotiate
  }

  #publish(): void {
    this.#dirty = true
    if (this.#publishing || this.#refused) return
    this.#publishing = true
    void this.#publishAll()
      .catch(() => {
        this.#refused = true
      })
      .finally(() => {
        this.#publishing = false
      })
  }

  async #publishAll(): Promise<void> {
    const { clock, ask } = this.#parts
    while (this.#dirty && !this.#closed) {
      this.#dirty = false
      const { sdp = '' } = await this.#peer.setLocalDescription()
      const tracks = [...this.#sections].flatMap(([source, { section, track }]) =>
        section.mid === null || track === null ? [] : [{ mid: section.mid, source }],
      )
      const answer = await insist(
        clock,
        () => !this.#closed,
        () => ask({ do: 'publish', sdp, tracks }),
      )
      if (answer === null) return
      await this.#peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp ?? '' })
      this.#candidates.open()
    }
  }

  async #restart(): Promise<void> {
    if (this.#sections.size === 0) return
    if (this.#refused) return this.#parts.broken()
    await this.#parts.ice.refresh()
    if (this.#closed) return
    this.#peer.configure(configurationOf(this.#parts))
    this.#peer.restartIce()
    this.#publish()
  }
}
