// Measures calls inside a page, whatever page it is: runs before its own scripts. Times are milliseconds of the machine's
// clock, the same in all browsers on it.
{
  const { relayOnly, video } = globalThis.parleyProbeOptions
  const now = () => performance.timeOrigin + performance.now()
  const connections = []
  /** Of every stream of every connection there ever was, what it counted last. */
  const counters = new Map()
  const probe = {
    clickedAt: null,
    devicesAt: null,
    connectedAt: null,
    decodedAt: [],
    shownAt: [],
    timeline: [],
  }
  globalThis.parleyProbe = probe

  addEventListener(
    'click',
    ({ timeStamp }) => {
      probe.clickedAt = performance.timeOrigin + timeStamp
    },
    { capture: true },
  )
  const received = new WeakSet()
  // A picture has been painted. Not `loadeddata`: that comes with the sound, too.
  addEventListener(
    'loadstart',
    ({ target }) => {
      target.requestVideoFrameCallback?.(() => {
        if (target.srcObject?.getVideoTracks().some((track) => received.has(track))) probe.shownAt.push(now())
      })
    },
    { capture: true },
  )

  async function awaitFrame(track) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader()
    const { value, done } = await reader.read()
    if (!done) probe.decodedAt.push(now())
    value?.close()
    await reader.cancel()
  }
  const Native = RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration) {
      super(relayOnly ? { ...configuration, iceTransportPolicy: 'relay' } : configuration)
      connections.push(this)
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') probe.connectedAt ??= now()
      })
      this.addEventListener('track', ({ track }) => {
        if (track.kind !== 'video') return
        received.add(track)
        void awaitFrame(track)
      })
    }
    setConfiguration(configuration) {
      super.setConfiguration(relayOnly ? { ...configuration, iceTransportPolicy: 'relay' } : configuration)
    }
  }
  const { mediaDevices } = navigator
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted.video && video !== undefined ? { ...wanted, video } : wanted)
    probe.devicesAt = now()
    return stream
  }

  const SUMS = {
    'inbound-rtp': ['framesDecoded', 'bytesReceived', 'freezeCount', 'totalFreezesDuration', 'packetsLost'],
    'outbound-rtp': ['bytesSent', 'framesSent', 'framesEncoded'],
  }
  /** Sums over all video streams. */
  async function count() {
    await Promise.all(
      connections.map(async (connection, i) => {
        for (const stat of (await connection.getStats()).values())
          if (SUMS[stat.type] !== undefined && stat.kind === 'video') counters.set(`${i} ${stat.id}`, stat)
      }),
    )
    const sums = { at: now(), frameHeight: 0 }
    for (const stat of counters.values()) {
      for (const name of SUMS[stat.type]) sums[name] = (sums[name] ?? 0) + (stat[name] ?? 0)
      if (stat.type === 'outbound-rtp') sums.frameHeight = Math.max(sums.frameHeight, stat.frameHeight ?? 0)
    }
    return sums
  }
  probe.count = count
  /** The pair that carries it all, of each connection: the kinds and addresses of its ends. */
  probe.pairs = async () => {
    const all = await Promise.all(connections.map((connection) => connection.getStats()))
    return all.flatMap((stats) =>
      [...stats.values()]
        .filter(
          ({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded',
        )
        .map(({ localCandidateId, remoteCandidateId }) =>
          [localCandidateId, remoteCandidateId].map((id) => {
            const { candidateType, address } = stats.get(id) ?? {}
            return `${candidateType} ${address}`
          }),
        ),
    )
  }
  /** Begins the timeline anew. */
  probe.watch = (everyMs) => {
    clearInterval(probe.timer)
    probe.timeline = []
    const look = async () => probe.timeline.push(await count())
    probe.timer = setInterval(look, everyMs)
  }
}
