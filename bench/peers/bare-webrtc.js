// The floor: two pages, one connection, the "perfect negotiation" of WebRTC's specification, and nothing else.
// Both open `/?polite=<true|false>&room=<name>&servers=<ICE servers as JSON>`; a click on "Answer" opens the devices and
// connects. The one who called has done the same before.
/** Whether the relay still answers: a network that is gone closes nothing. */
const PING_MS = 1_000
const SILENCE_MAX_MS = 2_500
const MEDIA = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { max: 30 } },
}

const query = new URLSearchParams(location.search)
const polite = query.get('polite') === 'true'
const iceServers = JSON.parse(query.get('servers') ?? '[]')

const unsent = []
let relay
let heardAt = 0
let stream
let peer
let offering = false
let ignored = false

/** What is said while there is no connection to the relay is said when there is one. */
function say(words) {
  unsent.push(JSON.stringify(words))
  if (relay.readyState === WebSocket.OPEN) for (const text of unsent.splice(0)) relay.send(text)
}

function openRelay() {
  relay?.close()
  const mine = new WebSocket(`ws://${location.host}/?room=${query.get('room')}`)
  relay = mine
  heardAt = performance.now()
  mine.onopen = () => {
    say({ back: true })
    askAgain()
  }
  mine.onmessage = ({ data }) => {
    if (mine !== relay) return
    heardAt = performance.now()
    if (data !== 'pong') hear(JSON.parse(data))
  }
}

/** What was said into a connection that was dead already may be lost. */
function askAgain() {
  if (peer?.signalingState === 'have-local-offer') say({ description: peer.localDescription })
}

setInterval(() => {
  if (performance.now() - heardAt > SILENCE_MAX_MS) openRelay()
  else if (relay.readyState === WebSocket.OPEN) relay.send('ping')
}, PING_MS)

function connect() {
  const bare = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' })
  peer = bare
  bare.onicecandidate = ({ candidate }) => say({ candidate })
  bare.ontrack = ({ track, streams }) => {
    if (track.kind === 'video') show(streams[0], false)
  }
  bare.onnegotiationneeded = async () => {
    offering = true
    await bare.setLocalDescription()
    say({ description: bare.localDescription })
    offering = false
  }
  bare.oniceconnectionstatechange = () => {
    if (['disconnected', 'failed'].includes(bare.iceConnectionState)) bare.restartIce()
  }
  for (const track of stream.getTracks()) bare.addTrack(track, stream)
}

async function hear({ description, candidate, back }) {
  if (back === true) return askAgain()
  // Whoever called is ready, and hears of nobody before.
  if (peer === undefined) connect()
  if (description === undefined) {
    if (!ignored) await peer.addIceCandidate(candidate)
    return
  }
  ignored = description.type === 'offer' && !polite && (offering || peer.signalingState !== 'stable')
  if (ignored) return
  await peer.setRemoteDescription(description)
  if (description.type !== 'offer') return
  await peer.setLocalDescription()
  say({ description: peer.localDescription })
}

function show(srcObject, muted) {
  document.body.append(Object.assign(document.createElement('video'), { autoplay: true, muted, srcObject }))
}

async function openDevices() {
  stream = await navigator.mediaDevices.getUserMedia(MEDIA)
  show(stream, true)
}

document.getElementById('answer').onclick = async () => {
  await openDevices()
  connect()
}
document.getElementById('end').onclick = () => {
  peer.close()
  for (const track of stream.getTracks()) track.stop()
}
/** What the one who calls does before the other one answers. */
window.call = openDevices
openRelay()
