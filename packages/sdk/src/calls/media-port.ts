/** What calls take from a browser's WebRTC, in the narrow shapes they use, so that a test or another runtime can stand in. */

export interface TrackLike {
  readonly id: string
  /** `audio` or `video`. */
  readonly kind: string
  /** False: silence, or a black picture, is sent instead. */
  enabled: boolean
  stop(): void
  addEventListener(type: 'ended', listener: () => void): void
}

/** A `MediaStream`. */
export interface StreamLike {
  readonly id: string
  getTracks(): TrackLike[]
  addTrack(track: TrackLike): void
  removeTrack(track: TrackLike): void
}

export interface SenderLike {
  replaceTrack(track: TrackLike | null): Promise<void>
}

export interface DescriptionLike {
  readonly type: 'offer' | 'answer' | 'pranswer' | 'rollback'
  readonly sdp?: string
}

export type ConnectionStage = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

/** What a peer connection tells. */
export interface PeerEvents {
  negotiationNeeded(): void
  /** As it goes over the line; what `addCandidate` of the other one takes. */
  candidate(candidate: unknown): void
  stage(stage: ConnectionStage): void
  track(stream: StreamLike): void
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
  restartIce(): void
  close(): void
}

export interface DeviceChoice {
  /** Ids of devices; the browser chooses where they are left out. */
  readonly microphone?: string
  readonly camera?: string
}

export interface MediaPort {
  createPeer(events: PeerEvents): PeerPort
  /** Rejects when the person or the browser refuses, or there is no such device. */
  getUserMedia(wanted: {
    readonly audio: boolean | string
    readonly video: boolean | string
  }): Promise<StreamLike>
  getDisplayMedia(): Promise<StreamLike>
}
