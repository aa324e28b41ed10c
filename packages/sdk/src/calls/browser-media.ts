/** The browser's own WebRTC behind the port. */
import type {
  ConnectionStage,
  DescriptionLike,
  MediaPort,
  PeerEvents,
  PeerPort,
  SenderLike,
  StreamLike,
  TrackLike,
} from './media-port.ts'

export interface IceServer {
  readonly urls: string | string[]
  readonly username?: string
  readonly credential?: string
}

interface BrowserPeer {
  readonly signalingState: string
  readonly connectionState: ConnectionStage
  readonly localDescription: DescriptionLike | null
  setLocalDescription(): Promise<void>
  setRemoteDescription(description: DescriptionLike): Promise<void>
  addIceCandidate(candidate: unknown): Promise<void>
  addTrack(track: TrackLike, stream: StreamLike): SenderLike
  removeTrack(sender: SenderLike): void
  restartIce(): void
  close(): void
  addEventListener(type: 'negotiationneeded' | 'connectionstatechange', listener: () => void): void
  addEventListener(
    type: 'icecandidate',
    listener: (event: { candidate: { toJSON(): unknown } | null }) => void,
  ): void
  addEventListener(type: 'track', listener: (event: { streams: readonly StreamLike[] }) => void): void
}

interface Scope {
  readonly RTCPeerConnection?: new (configuration: { iceServers: readonly IceServer[] }) => BrowserPeer
  readonly navigator?: {
    readonly mediaDevices?: {
      getUserMedia(wanted: unknown): Promise<StreamLike>
      getDisplayMedia?(wanted: unknown): Promise<StreamLike>
    }
  }
}

/** Null where the browser has no WebRTC, or gives no devices to a page without TLS. */
export function browserMedia(iceServers: readonly IceServer[] = []): MediaPort | null {
  const { RTCPeerConnection: Peer, navigator } = globalThis as unknown as Scope
  const devices = navigator?.mediaDevices
  if (Peer === undefined || devices === undefined) return null
  return {
    createPeer: (events) => createPeer(new Peer({ iceServers }), events),
    getUserMedia: ({ audio, video }) =>
      devices.getUserMedia({ audio: constraint(audio), video: constraint(video) }),
    getDisplayMedia: () =>
      devices.getDisplayMedia?.({ video: true, audio: true }) ??
      Promise.reject(new TypeError('This browser cannot share a screen.')),
  }
}

const constraint = (wanted: boolean | string): unknown =>
  typeof wanted === 'string' ? { deviceId: { exact: wanted } } : wanted

function createPeer(peer: BrowserPeer, events: PeerEvents): PeerPort {
  peer.addEventListener('negotiationneeded', () => events.negotiationNeeded())
  peer.addEventListener('connectionstatechange', () => events.stage(peer.connectionState))
  peer.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate !== null) events.candidate(candidate.toJSON())
  })
  peer.addEventListener('track', ({ streams }) => {
    for (const stream of streams) events.track(stream)
  })
  return {
    get signalingState() {
      return peer.signalingState
    },
    async setLocalDescription() {
      await peer.setLocalDescription()
      const { type, sdp } = peer.localDescription ?? {}
      if (type === undefined) throw new Error('There is no description.')
      return { type, ...(sdp === undefined ? {} : { sdp }) }
    },
    setRemoteDescription: (description) => peer.setRemoteDescription(description),
    addCandidate: (candidate) => peer.addIceCandidate(candidate),
    addTrack: (track, stream) => peer.addTrack(track, stream),
    removeTrack: (sender) => peer.removeTrack(sender),
    restartIce: () => peer.restartIce(),
    close: () => peer.close(),
  }
}
