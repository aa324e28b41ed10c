/** Peer connections that hold each other to the rules of WebRTC, without any media. */
import type {
  DescriptionLike,
  Encoding,
  Heard,
  MediaPort,
  PeerConfiguration,
  PeerEvents,
  PeerPort,
  PictureLimit,
  SectionLike,
  SenderLike,
  StatLike,
  StreamLike,
  TrackLike,
  UserMediaWanted,
} from '../calls/media-port.ts'

class FakeTrack implements TrackLike {
  readonly id: string
  readonly kind: string
  enabled = true
  stopped = false
  ended = false
  readonly #listeners: (() => void)[] = []
  constructor(id: string, kind: string) {
    this.id = id
    this.kind = kind
  }
  get readyState(): 'live' | 'ended' {
    return this.stopped || this.ended ? 'ended' : 'live'
  }
  stop(): void {
    this.stopped = true
  }
  addEventListener(_type: 'ended', listener: () => void): void {
    this.#listeners.push(listener)
  }
  /** As by the browser's own button, or a plug that was pulled. */
  end(): void {
    this.ended = true
    for (const listener of this.#listeners) listener()
  }
}

export class FakeStream implements StreamLike {
  readonly id: string
  readonly tracks = new Set<TrackLike>()
  constructor(id: string, tracks: readonly TrackLike[] = []) {
    this.id = id
    for (const track of tracks) this.tracks.add(track)
  }
  getTracks(): TrackLike[] {
    return [...this.tracks]
  }
  addTrack(track: TrackLike): void {
    this.tracks.add(track)
  }
  removeTrack(track: TrackLike): void {
    this.tracks.delete(track)
  }
}

interface Sdp {
  readonly peer: number
  readonly generation: number
  readonly offer: string
  readonly streams: readonly string[]
  /** What carries something. */
  readonly sections: readonly { readonly mid: string; readonly kind: string }[]
  /** Of a side that tells its candidates with the description. */
  readonly candidates: readonly string[]
}

interface FakeSection extends SectionLike {
  mid: string | null
  readonly kind: string
  readonly encodings: readonly Encoding[]
  track: TrackLike | null
}

interface FakeSender extends SenderLike {
  track: TrackLike | null
  limited: PictureLimit | null
  readonly stream: StreamLike
}

/** All peers of a test, and what they were asked that a browser would refuse. */
export class FakeMedia {
  readonly errors: string[] = []
  readonly peers: FakePeer[] = []
  readonly tracks: FakeTrack[] = []
  /** What devices were asked for. */
  readonly wanted: UserMediaWanted[] = []
  /** Why devices are refused. */
  refusal: Error | null = null
  #count = 0

  next(): number {
    return ++this.#count
  }

  port(): MediaPort {
    return {
      createPeer: (configuration, events) => this.peer(configuration, events),
      createStream: () => new FakeStream(`stream-${this.next()}`),
      getUserMedia: async (wanted) => {
        const { audio, video } = wanted
        this.wanted.push(wanted)
        if (this.refusal !== null) throw this.refusal
        return this.stream([...(audio === false ? [] : ['audio']), ...(video === false ? [] : ['video'])])
      },
      getDisplayMedia: async () => this.stream(['video']),
    }
  }

  /** `full`: it tells its candidates with its descriptions. */
  peer(configuration: PeerConfiguration, events: PeerEvents, full = false): FakePeer {
    const peer = new FakePeer(this, this.next(), configuration, events, full)
    this.peers.push(peer)
    return peer
  }

  track(kind: string): FakeTrack {
    return new FakeTrack(`track-${this.next()}`, kind)
  }

  stream(kinds: readonly string[]): FakeStream {
    const tracks = kinds.map((kind) => this.track(kind))
    this.tracks.push(...tracks)
    return new FakeStream(`stream-${this.next()}`, tracks)
  }

  open(): FakePeer[] {
    return this.peers.filter(({ signalingState }) => signalingState !== 'closed')
  }

  refuse(what: string): Error {
    this.errors.push(what)
    return new Error(what)
  }
}

export class FakePeer implements PeerPort {
  signalingState = 'stable'
  stage: 'new' | 'connected' | 'failed' = 'new'
  readonly senders = new Set<FakeSender>()
  readonly sections: FakeSection[] = []
  configuration: PeerConfiguration
  /** What `stats`, `hearing` and `saying` answer. */
  counted: StatLike[] = []
  heard = { level: 0, at: 0 }
  said = 0
  /** ICE restarts that were asked for. */
  restarts = 0
  readonly #media: FakeMedia
  readonly #id: number
  readonly #events: PeerEvents
  readonly #full: boolean
  readonly #heard = new Set<string>()
  readonly #received = new Map<string, TrackLike>()
  readonly #candidates = new Set<string>()
  #generation: number
  #restart = false
  #local: Sdp | null = null
  #remote: Sdp | null = null
  #before: readonly [Sdp | null, Sdp | null] = [null, null]
  #needed = false

  constructor(
    media: FakeMedia,
    id: number,
    configuration: PeerConfiguration,
    events: PeerEvents,
    full: boolean,
  ) {
    this.#media = media
    this.#id = id
    this.#full = full
    this.configuration = configuration
    this.#events = events
    this.#generation = media.next()
  }

  async setLocalDescription(): Promise<DescriptionLike> {
    await null
    if (this.signalingState === 'closed') throw new Error('closed')
    const streams = [...new Set([...this.senders].map(({ stream }) => stream.id))]
    const answers = this.signalingState === 'have-remote-offer'
    if (!answers && this.signalingState !== 'stable') throw this.#media.refuse('an offer while one is open')
    if (!answers) this.#before = [this.#local, this.#remote]
    if (this.#restart) this.#generation = this.#media.next()
    this.#restart = false
    const offer = answers ? (this.#remote?.offer ?? '') : `offer-${this.#media.next()}`
    const candidate = `${this.#id}.${this.#generation}`
    for (const section of this.sections) section.mid ??= String(this.sections.indexOf(section))
    const sections = this.sections.flatMap(({ mid, kind, track }) =>
      mid === null || track === null ? [] : [{ mid, kind }],
    )
    const candidates = this.#full ? [candidate] : []
    this.#local = { peer: this.#id, generation: this.#generation, offer, streams, sections, candidates }
    if (!answers) this.#needed = false
    this.#settle(answers ? 'stable' : 'have-local-offer')
    if (!this.#full)
      queueMicrotask(() => {
        if (this.signalingState !== 'closed') this.#events.candidate(candidate)
      })
    return { type: answers ? 'answer' : 'offer', sdp: JSON.stringify(this.#local) }
  }

  async setRemoteDescription({ type, sdp = '' }: DescriptionLike): Promise<void> {
    await null
    if (this.signalingState === 'closed') throw new Error('closed')
    const remote = JSON.parse(sdp) as Sdp
    if (type === 'answer') {
      if (this.signalingState !== 'have-local-offer' || remote.offer !== this.#local?.offer)
        throw this.#media.refuse('an answer to nothing')
    } else if (this.signalingState === 'have-local-offer') {
      ;[this.#local, this.#remote] = this.#before
      this.#needed = true
    }
    if (this.#remote !== null && this.#remote.peer !== remote.peer)
      throw this.#media.refuse('a description of another peer connection')
    this.#remote = remote
    for (const id of remote.streams) {
      if (this.#heard.has(id)) continue
      this.#heard.add(id)
      this.#events.track(new FakeStream(id))
    }
    for (const { mid, kind } of remote.sections)
      if (!this.#received.has(mid)) this.#received.set(mid, this.#media.track(kind))
    for (const candidate of remote.candidates) this.#candidates.add(candidate)
    this.#settle(type === 'answer' ? 'stable' : 'have-remote-offer')
  }

  async addCandidate(candidate: unknown): Promise<void> {
    await null
    if (this.signalingState === 'closed') return
    if (this.#remote === null) throw this.#media.refuse('a candidate before the description')
    this.#candidates.add(String(candidate))
    this.#look()
  }

  addTrack(track: TrackLike, stream: StreamLike): SenderLike {
    const sender: FakeSender = {
      track,
      stream,
      limited: null,
      async replaceTrack(next) {
        sender.track = next
      },
      async limit(limit) {
        sender.limited = limit
      },
    }
    this.senders.add(sender)
    this.#need()
    return sender
  }

  removeTrack(sender: SenderLike): void {
    this.senders.delete(sender as FakeSender)
    this.#need()
  }

  addSection(track: TrackLike, encodings: readonly Encoding[]): SectionLike {
    const section: FakeSection = {
      mid: null,
      kind: track.kind,
      encodings,
      track,
      send(next) {
        section.track = next
      },
    }
    this.sections.push(section)
    return section
  }

  received(): { mid: string; track: TrackLike }[] {
    return [...this.#received].map(([mid, track]) => ({ mid, track }))
  }

  configure(configuration: PeerConfiguration): void {
    this.configuration = configuration
  }

  async stats(): Promise<readonly StatLike[]> {
    return this.counted
  }

  hearing(): Heard {
    return this.heard
  }

  async saying(): Promise<number> {
    return this.said
  }

  restartIce(): void {
    this.restarts++
    this.#restart = true
    this.#need()
  }

  close(): void {
    this.signalingState = 'closed'
  }

  /** The way between them is gone; only an ICE restart finds another one. */
  fail(): void {
    this.#candidates.clear()
    this.stage = 'failed'
    this.#events.stage('failed')
  }

  reaches(other: FakePeer): boolean {
    const remote = this.#remote
    return (
      remote?.peer === other.#id &&
      remote.generation === other.#generation &&
      this.#candidates.has(`${other.#id}.${other.#generation}`)
    )
  }

  #need(): void {
    this.#needed = true
    this.#remind()
  }

  #remind(): void {
    queueMicrotask(() => {
      if (this.#needed && this.signalingState === 'stable') this.#events.negotiationNeeded()
    })
  }

  #settle(state: string): void {
    this.signalingState = state
    if (state !== 'stable') return
    this.#remind()
    this.#look()
  }

  #look(): void {
    for (const other of this.#media.open()) {
      if (other === this || !this.reaches(other) || !other.reaches(this)) continue
      for (const peer of [this, other]) {
        if (peer.stage === 'connected') continue
        peer.stage = 'connected'
        peer.#events.stage('connected')
      }
    }
  }
}
