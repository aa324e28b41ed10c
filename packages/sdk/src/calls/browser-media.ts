/** The browser's own WebRTC behind the port. */
import type {
  ConnectionStage,
  DescriptionLike,
  Encoding,
  MediaPort,
  PeerConfiguration,
  PeerEvents,
  PeerPort,
  SectionLike,
  SenderLike,
  StatLike,
  StreamLike,
  TrackLike,
  UserMediaWanted,
} from './media-port.ts'
import { withStartBitrate } from './start-bitrate.ts'

type Report = ReadonlyMap<string, StatLike>

interface BrowserParameters {
  readonly encodings?: { maxBitrate?: number; scaleResolutionDownBy?: number }[]
}

interface BrowserSender {
  readonly track: TrackLike | null
  replaceTrack(track: TrackLike | null): Promise<void>
  getParameters(): BrowserParameters
  setParameters(parameters: BrowserParameters): Promise<void>
  getStats(): Promise<Report>
}

interface BrowserReceiver {
  readonly track: TrackLike
  getSynchronizationSources(): readonly { readonly audioLevel?: number; readonly timestamp: number }[]
}

interface BrowserTransceiver {
  readonly mid: string | null
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
  readonly sender: BrowserSender
  readonly receiver: BrowserReceiver
}

interface BrowserConfiguration {
  readonly iceServers: PeerConfiguration['iceServers']
  readonly iceTransportPolicy: 'all' | 'relay'
  readonly bundlePolicy: 'max-bundle'
}

interface BrowserPeer {
  readonly signalingState: string
  readonly connectionState: ConnectionStage
  readonly localDescription: DescriptionLike | null
  setConfiguration(configuration: BrowserConfiguration): void
  setLocalDescription(): Promise<void>
  setRemoteDescription(description: DescriptionLike): Promise<void>
  addIceCandidate(candidate: unknown): Promise<void>
  addTrack(track: TrackLike, stream: StreamLike): BrowserSender
  removeTrack(sender: BrowserSender): void
  addTransceiver(
    track: TrackLike,
    init: { readonly direction: 'sendonly'; readonly sendEncodings?: readonly Encoding[] },
  ): BrowserTransceiver
  getTransceivers(): readonly BrowserTransceiver[]
  getReceivers(): readonly BrowserReceiver[]
  getSenders(): readonly BrowserSender[]
  getStats(): Promise<Report>
  restartIce(): void
  close(): void
  addEventListener(type: 'negotiationneeded' | 'connectionstatechange', listener: () => void): void
  addEventListener(
    type: 'icecandidate',
    listener: (event: { candidate: { toJSON(): unknown } | null }) => void,
  ): void
  addEventListener(type: 'track', listener: (event: { streams: readonly StreamLike[] }) => void): void
}

interface Devices {
  getUserMedia(wanted: unknown): Promise<StreamLike>
  getDisplayMedia?(wanted: unknown): Promise<StreamLike>
}

interface Scope {
  readonly RTCPeerConnection?: new (configuration: BrowserConfiguration) => BrowserPeer
  readonly MediaStream?: new () => StreamLike
  readonly navigator?: { readonly mediaDevices?: Devices }
}

/** Null where the browser has no WebRTC, or gives no devices to a page without TLS. */
export function browserMedia(): MediaPort | null {
  const { RTCPeerConnection: Peer, MediaStream: Stream, navigator } = globalThis as unknown as Scope
  const devices = navigator?.mediaDevices
  if (Peer === undefined || Stream === undefined || devices === undefined) return null
  return {
    createPeer: (configuration, events) => createPeer(new Peer(toBrowser(configuration)), events),
    createStream: () => new Stream(),
    getUserMedia: (wanted) => openDevices(devices, wanted),
    getDisplayMedia: () =>
      devices.getDisplayMedia?.({ video: { frameRate: { max: 15 } }, audio: true }) ??
      Promise.reject(new TypeError('This browser cannot share a screen.')),
  }
}

const toBrowser = ({ iceServers, relayOnly }: PeerConfiguration): BrowserConfiguration => ({
  iceServers,
  iceTransportPolicy: relayOnly ? 'relay' : 'all',
  bundlePolicy: 'max-bundle',
})

async function openDevices(devices: Devices, { audio, video }: UserMediaWanted): Promise<StreamLike> {
  const chosen = (device: string | undefined) => (device === undefined ? {} : { deviceId: { exact: device } })
  const constraints = (exact: boolean) => ({
    audio: audio !== false && {
      ...(exact ? chosen(audio.device) : {}),
      // Also where the rest is unwanted: with loudspeakers the others would hear themselves.
      echoCancellation: true,
      noiseSuppression: audio.cleaned,
      autoGainControl: audio.cleaned,
    },
    video: video !== false && {
      ...(exact ? chosen(video.device) : {}),
      width: { ideal: 1280 },
      height: { ideal: 720 },
      frameRate: { max: 30 },
    },
  })
  try {
    return await devices.getUserMedia(constraints(true))
  } catch (error) {
    // The chosen one was unplugged.
    if ((error as { name?: unknown } | null)?.name !== 'OverconstrainedError') throw error
    return devices.getUserMedia(constraints(false))
  }
}

function createPeer(peer: BrowserPeer, events: PeerEvents): PeerPort {
  const senders = new Map<SenderLike, BrowserSender>()
  peer.addEventListener('negotiationneeded', () => events.negotiationNeeded())
  peer.addEventListener('connectionstatechange', () => events.stage(peer.connectionState))
  peer.addEventListener('icecandidate', ({ candidate }) => events.candidate(candidate?.toJSON() ?? null))
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
    setRemoteDescription: ({ type, sdp }) =>
      peer.setRemoteDescription({ type, ...(sdp === undefined ? {} : { sdp: withStartBitrate(sdp) }) }),
    addCandidate: (candidate) => peer.addIceCandidate(candidate),
    addTrack(track, stream) {
      const own = peer.addTrack(track, stream)
      const sender = createSender(own)
      senders.set(sender, own)
      return sender
    },
    removeTrack(sender) {
      const own = senders.get(sender)
      if (own !== undefined) peer.removeTrack(own)
    },
    addSection: (track, encodings) => createSection(peer, track, encodings),
    received: () =>
      peer
        .getTransceivers()
        .flatMap(({ mid, receiver }) => (mid === null ? [] : [{ mid, track: receiver.track }])),
    configure: (configuration) => peer.setConfiguration(toBrowser(configuration)),
    restartIce: () => peer.restartIce(),
    stats: async () => [...(await peer.getStats()).values()],
    hearing() {
      const sources = peer.getReceivers().flatMap((receiver) => receiver.getSynchronizationSources())
      return { level: loudest(sources), at: Math.max(0, ...sources.map(({ timestamp }) => timestamp)) }
    },
    async saying() {
      const sender = peer.getSenders().find(({ track }) => track?.kind === 'audio')
      return sender === undefined ? 0 : loudest((await sender.getStats()).values())
    },
    close: () => peer.close(),
  }
}

const createSender = (sender: BrowserSender): SenderLike => ({
  replaceTrack: (track) => sender.replaceTrack(track),
  async limit(limit) {
    const parameters = sender.getParameters()
    const [encoding] = parameters.encodings ?? []
    // Firefox has none before the first description.
    if (encoding === undefined) return
    delete encoding.maxBitrate
    if (limit !== null) encoding.maxBitrate = limit.maxBitrate
    encoding.scaleResolutionDownBy = limit?.scaleResolutionDownBy ?? 1
    // Refused when the connection is closing.
    await sender.setParameters(parameters).catch(() => {})
  },
})

function createSection(peer: BrowserPeer, track: TrackLike, encodings: readonly Encoding[]): SectionLike {
  const transceiver = peer.addTransceiver(track, {
    direction: 'sendonly',
    ...(encodings.length === 0 ? {} : { sendEncodings: encodings }),
  })
  return {
    get mid() {
      return transceiver.mid
    },
    send(next) {
      transceiver.direction = next === null ? 'inactive' : 'sendonly'
      // Refused when the connection is closing.
      transceiver.sender.replaceTrack(next).catch(() => {})
    },
  }
}

function loudest(levels: Iterable<{ readonly audioLevel?: number }>): number {
  let level = 0
  for (const { audioLevel = 0 } of levels) level = Math.max(level, audioLevel)
  return level
}
