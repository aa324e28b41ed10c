/** Of a page in a call on a media server: the client's part, as small as can be. `media-seats.test.ts` drives it. */
globalThis.peer = (() => {
  let up
  let down
  /** By source. */
  let sending
  /** As the last offer named them. */
  let names

  function connect() {
    up = new RTCPeerConnection()
    down = new RTCPeerConnection()
    sending = {}
    names = []
  }

  /** Something that changes, as a shared screen does. */
  function openScreen() {
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: 400, height: 300 })
    const brush = canvas.getContext('2d')
    setInterval(() => brush.fillText(`${performance.now()}`, 100 * Math.random(), 300 * Math.random()), 100)
    return canvas.captureStream(5)
  }

  /** A tone: the browser's own fake only clicks, which nobody takes for speech. */
  function openMicrophone() {
    const context = new AudioContext()
    const tone = context.createOscillator()
    const end = context.createMediaStreamDestination()
    tone.connect(end)
    tone.start()
    return end.stream
  }

  async function openStream(source) {
    if (source === 'microphone') return openMicrophone()
    if (source === 'screen') return openScreen()
    return navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 } })
  }

  async function start(source) {
    if (sending[source] !== undefined) {
      sending[source].direction = 'sendonly'
      return
    }
    const stream = await openStream(source)
    const layers = [
      { rid: 'l', scaleResolutionDownBy: 4 },
      { rid: 'm', scaleResolutionDownBy: 2 },
      { rid: 'h' },
    ]
    const [track] = stream.getTracks()
    sending[source] = up.addTransceiver(track, {
      direction: 'sendonly',
      ...(source === 'camera' ? { sendEncodings: layers } : {}),
    })
  }

  connect()
  return {
    connect,
    /** An offer that sends exactly these. */
    async offer(sources) {
      for (const source of sources) await start(source)
      for (const [source, one] of Object.entries(sending))
        if (!sources.includes(source)) one.direction = 'inactive'
      await up.setLocalDescription()
      const tracks = sources.map((source) => ({ mid: sending[source].mid, source }))
      return { sdp: up.localDescription.sdp, tracks }
    },
    answered: (sdp) => up.setRemoteDescription({ type: 'answer', sdp }),
    /** The answer to an offer. */
    async take(sdp, tracks) {
      await down.setRemoteDescription({ type: 'offer', sdp })
      await down.setLocalDescription()
      names = tracks
      return down.localDescription.sdp
    },
    /** By whose it is: how wide the picture is, and how many frames or packets there were. */
    async received() {
      const found = {}
      for (const one of (await down.getStats()).values()) {
        const name = names.find(({ mid }) => mid === one.mid)
        if (one.type === 'inbound-rtp' && name !== undefined)
          found[`${name.user} ${name.source}`] = {
            width: one.frameWidth ?? 0,
            amount: one.framesDecoded ?? one.packetsReceived,
          }
      }
      return found
    },
  }
})()
