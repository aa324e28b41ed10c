/** What calls take from a browser's WebRTC, in the narrow shapes they use, so that a test or another runtime can stand in. */
import type { IceServer } from '@parley/protocol/calls'

export interface TrackLike {
  readonly id: string
  /** `audio` or `video`. */
  readonly kind: string
  readonly readyState: 'live' | 'ended'
  /** False: silence, or a black picture, is sent instead. */
  enabled: boolean
  stop(): void
  /** Not said after `stop`. */
  addEventListener(type: 'ended', listener: () => void): void
}

/** A `MediaStream`. */
export interface StreamLike {
  readonly id: string
  getTracks(): TrackLike[]
  addTrack(track: TrackLike): void
  removeTrack(track: TrackLike): void
}

/** How large a picture is sent at most. */
export interface PictureLimit {
  /** Bits per second. */
  readonly maxBitrate: number
  readonly scaleResolutionDownBy: number
}

export interface SenderLike {
  replaceTrack(track: TrackLike | null): Promise<void>
  /** Of a picture; null: as large as it is. Never rejects. */
  limit(limit: PictureLimit | null): Promise<void>
}

/** One of several sizes that a picture is sent in. */
export interface Encoding extends PictureLimit {
  readonly rid: string
}

/** A sending section of a description. */
export interface SectionLike {
  /** Null before the first local description. */
  readonly mid: string | null
  /** Null: the section sends nothing. Either way it needs another offer. */
  send(track: TrackLike | null): void
}

export interface DescriptionLike {
  readonly type: 'offer' | 'answer' | 'pranswer' | 'rollback'
  readonly sdp?: string
}

export type ConnectionStage = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

/** What a peer connection tells. */
export interface PeerEvents {
  negotiationNeeded(): void
  /** As it goes over the line; what `addCandidate` of the other one takes. Null: there are no more. */
  candidate(candidate: unknown): void
  stage(stage: ConnectionStage): void
  track(stream: StreamLike): void
}

/** A row of `getStats`; which fields there are depends on `type`. */
export interface StatLike {
  readonly type: string
  readonly kind?: string
  readonly mid?: string
  readonly packetsReceived?: number
  readonly packetsLost?: number
  readonly nominated?: boolean
  /** Seconds. */
  readonly currentRoundTripTime?: number
  /** 0 to 1. */
  readonly audioLevel?: number
}

export interface PeerConfiguration {
  readonly iceServers: readonly IceServer[]
  /** Through TURN only. */
  readonly relayOnly: boolean
}

export interface Heard {
  /** Of the loudest sound that arrives now, 0 to 1. */
  readonly level: number
  /** When sound or a picture came last, in milliseconds of some clock; 0: not yet. */
  readonly at: number
}

/** An `RTCPeerConnection`, as far as needed. */
export interface PeerPort {
  readonly signalingState: string
  /** Makes the offer or the answer that the state asks for, and gives it. */
  setLocalDescription(): Promise<DescriptionLike>
  /** An offer takes back one's own that is not answered (implicit rollback). */
  setRemoteDescription(description: DescriptionLike): Promise<void>
  addCandidate(candidate: unknown): Promise<void>
  addTrack(track: TrackLike, stream: StreamLike): SenderLike
  removeTrack(sender: SenderLike): void
  /** A section of its own, which only sends; no encodings: one size. */
  addSection(track: TrackLike, encodings: readonly Encoding[]): SectionLike
  /** What the sections carry from the other side. */
  received(): readonly { readonly mid: string; readonly track: TrackLike }[]
  /** For the next offer. */
  configure(configuration: PeerConfiguration): void
  restartIce(): void
  /** Costs some milliseconds. */
  stats(): Promise<readonly StatLike[]>
  /** Cheap. Browsers know it only of what is played. */
  hearing(): Heard
  /** The sound that is sent now, 0 to 1. */
  saying(): Promise<number>
  close(): void
}

export interface UserMediaWanted {
  readonly audio: false | { readonly device?: string | undefined; readonly cleaned: boolean }
  readonly video: false | { readonly device?: string | undefined }
}

export interface MediaPort {
  createPeer(configuration: PeerConfiguration, events: PeerEvents): PeerPort
  createStream(): StreamLike
  /** A device that is gone gives way to another one. Rejects when the person or the browser refuses, or there is none at all. */
  getUserMedia(wanted: UserMediaWanted): Promise<StreamLike>
  getDisplayMedia(): Promise<StreamLike>
}
