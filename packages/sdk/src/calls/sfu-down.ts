/** The connection that receives from an SFU: it offers, and says whose each section is. */
import type { MediaTold, TrackSource } from '@parley/protocol/calls'
import type { PeerState, Quality } from './call-types.ts'
import { CandidateBox } from './candidate-box.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { insist } from './insist.ts'
import type { Heard, PeerPort, StreamLike, TrackLike } from './media-port.ts'
import { type Counted, count, judge } from './quality.ts'
import { configurationOf, type TransportParts } from './transport.ts'

type Offer = Extract<MediaTold, { readonly told: 'offer' }>
type Shown = 'camera' | 'display'

export interface SfuDownParts extends Pick<TransportParts, 'clock' | 'port' | 'ice' | 'relayOnly' | 'ask'> {
  readonly changed: () => void
}

export class SfuDown {
  readonly #parts: SfuDownParts
  readonly #peer: PeerPort
  readonly #watch: ConnectionWatch
  readonly #candidates: CandidateBox
  readonly #streams = new Map<string, StreamLike>()
  readonly #counted = new Map<string, Counted>()
  readonly #qualities = new Map<string, Quality>()
  #tracks: Offer['tracks'] = []
  #answered = 0
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(parts: SfuDownParts) {
    const { clock, changed, ask } = parts
    this.#parts = parts
    this.#candidates = new CandidateBox(clock, (candidates) => {
      ask({ do: 'candidates', way: 'down', candidates }).catch(() => {})
    })
    this.#watch = new ConnectionWatch({ clock, changed, restart: () => void this.#restart() })
    this.#peer = parts.port.createPeer(configurationOf(parts), {
      // It only ever answers.
      negotiationNeeded: () => {},
      candidate: (candidate) => this.#candidates.put(candidate),
      stage: (stage) => this.#watch.take(stage),
      track: () => {},
    })
  }

  get state(): PeerState {
    return this.#watch.state
  }

  sources(user: string): ReadonlySet<TrackSource> {
    return new Set(this.#tracks.flatMap((track) => (track.user === user ? [track.source] : [])))
  }

  stream(user: string, shown: Shown): StreamLike | null {
    return this.#streams.get(`${shown} ${user}`) ?? null
  }

  quality(user: string): Quality {
    return this.state === 'connected' ? (this.#qualities.get(user) ?? 'unknown') : 'unknown'
  }

  take(offer: Offer): void {
    this.#turn = this.#turn.then(() => this.#answer(offer)).catch(() => {})
  }

  /** Resolves with whether anything looks different now. */
  async measure(): Promise<boolean> {
    if (this.#closed || this.state !== 'connected') return false
    const stats = await this.#peer.stats().catch(() => [])
    let changed = false
    for (const user of new Set(this.#tracks.map((track) => track.user))) {
      const mids = new Set(this.#tracks.flatMap((track) => (track.user === user ? [track.mid] : [])))
      const now = count(stats, mids)
      const quality = judge(this.#counted.get(user) ?? null, now, true)
      this.#counted.set(user, now)
      changed ||= quality !== this.#qualities.get(user)
      this.#qualities.set(user, quality)
    }
    return changed && !this.#closed
  }

  hearing(): Heard {
    return this.#peer.hearing()
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

  async #answer({ offer, sdp, tracks }: Offer): Promise<void> {
    if (this.#closed || offer <= this.#answered) return
    this.#answered = offer
    await this.#peer.setRemoteDescription({ type: 'offer', sdp })
    const answer = await this.#peer.setLocalDescription()
    this.#tracks = tracks
    this.#sort()
    this.#parts.changed()
    const { clock, ask } = this.#parts
    // A newer offer takes its place.
    const wanted = () => !this.#closed && this.#answered === offer
    await insist(clock, wanted, () => ask({ do: 'answer', sdp: answer.sdp ?? '', offer }))
    this.#candidates.open()
  }

  /** Every track to its person: what they look like, and what they show. */
  #sort(): void {
    const received = new Map(this.#peer.received().map(({ mid, track }) => [mid, track]))
    const wanted = new Map<string, Set<TrackLike>>()
    for (const { mid, user, source } of this.#tracks) {
      const track = received.get(mid)
      if (track === undefined) continue
      const shown: Shown = source === 'microphone' || source === 'camera' ? 'camera' : 'display'
      const key = `${shown} ${user}`
      wanted.set(key, (wanted.get(key) ?? new Set()).add(track))
    }
    for (const [key, stream] of this.#streams) {
      const tracks = wanted.get(key)
      if (tracks === undefined) this.#streams.delete(key)
      for (const track of stream.getTracks()) if (tracks?.has(track) !== true) stream.removeTrack(track)
    }
    for (const [key, tracks] of wanted) {
      const stream = this.#streams.get(key) ?? this.#parts.port.createStream()
      this.#streams.set(key, stream)
      for (const track of tracks) if (!stream.getTracks().includes(track)) stream.addTrack(track)
    }
  }

  async #restart(): Promise<void> {
    const { clock, ice, ask } = this.#parts
    // Before the first offer there is nothing to begin anew.
    if (this.#answered === 0) return
    await ice.refresh()
    if (this.#closed) return
    this.#peer.configure(configurationOf(this.#parts))
    const before = this.#answered
    const wanted = () => !this.#closed && this.#answered === before
    await insist(clock, wanted, () => ask({ do: 'restart' })).catch(() => {})
  }
}
