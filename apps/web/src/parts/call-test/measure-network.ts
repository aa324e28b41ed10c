/** Asks STUN and TURN for addresses, and sends through what they gave. */
import { wait } from './measure-devices.ts'
import type { GatherMeasure, PathMeasure, TurnServer } from './verdicts.ts'

/** Browsers give up a server that is silent after some 10 s. */
const GATHER_MS = 10_000

/** `wanted`: what ends it early. */
export async function gather(
  config: RTCConfiguration,
  wanted: 'srflx' | 'relay',
  signal: AbortSignal,
): Promise<GatherMeasure> {
  const connection = new RTCPeerConnection(config)
  const from = performance.now()
  const found = { srflx: false, relay: false }
  const errors: number[] = []
  try {
    const done = new Promise<boolean>((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate === null) return resolve(true)
        if (candidate.type === 'srflx' || candidate.type === 'relay') found[candidate.type] = true
        if (candidate.type === wanted) resolve(true)
      }
      connection.onicecandidateerror = ({ errorCode }) => errors.push(errorCode)
      connection.onicegatheringstatechange = () => {
        if (connection.iceGatheringState === 'complete') resolve(true)
      }
    })
    connection.createDataChannel('test')
    await connection.setLocalDescription()
    const complete = await Promise.race([done, wait(GATHER_MS, signal).then(() => false)])
    return { ...found, errors, complete, ms: performance.now() - from }
  } finally {
    connection.close()
  }
}

export const toIceServer = ({ url, username, credential }: TurnServer): RTCIceServer => ({
  urls: url,
  ...(username === undefined ? {} : { username }),
  ...(credential === undefined ? {} : { credential }),
})

const CONNECT_MS = 10_000
const SEND_MS = 3_000
/** What comes late still counts. */
const LINGER_MS = 600
/** A large picture's worth, in parcels that fit into one packet of any network. */
const KILOBITS_PER_SECOND = 2_000
const PACKET_BYTES = 1_100
const EVERY_MS = 20
const PING_EVERY_MS = 200
/** More than this waits: the line takes no more, and what is not sent is not lost. */
const BUFFERED_MAX_BYTES = 64 * 1_024

/** Between two connections of this page: what a call would carry, without anybody else. */
export async function measurePath(
  config: RTCConfiguration,
  way: PathMeasure['way'],
  signal: AbortSignal,
): Promise<PathMeasure> {
  const [one, other] = [new RTCPeerConnection(config), new RTCPeerConnection(config)]
  try {
    const options = { ordered: false, maxRetransmits: 0 }
    const packets = one.createDataChannel('packets', options)
    const far = channelOf(other)
    await connect(one, other)
    const isOpen = await Promise.race([opened(packets), wait(CONNECT_MS, signal).then(() => false)])
    if (!isOpen) return { way, connected: false, kilobitsPerSecond: 0, roundTripMs: null, lost: 0 }
    return { way, connected: true, ...(await send(packets, await far, signal)) }
  } finally {
    one.close()
    other.close()
  }
}

async function connect(one: RTCPeerConnection, other: RTCPeerConnection): Promise<void> {
  const toOther = candidatesOf(one, other)
  await one.setLocalDescription()
  await other.setRemoteDescription(one.localDescription as RTCSessionDescription)
  toOther()
  const toOne = candidatesOf(other, one)
  await other.setLocalDescription()
  await one.setRemoteDescription(other.localDescription as RTCSessionDescription)
  toOne()
}

/** Keeps candidates until the answer is called: before a description they would be refused. */
function candidatesOf(from: RTCPeerConnection, to: RTCPeerConnection): () => void {
  const kept: RTCIceCandidate[] = []
  const pass = (candidate: RTCIceCandidate) => void to.addIceCandidate(candidate).catch(() => undefined)
  let take = (candidate: RTCIceCandidate): void => void kept.push(candidate)
  from.onicecandidate = ({ candidate }) => {
    if (candidate !== null) take(candidate)
  }
  return () => {
    take = pass
    kept.forEach(pass)
  }
}

const channelOf = (connection: RTCPeerConnection): Promise<RTCDataChannel> =>
  new Promise((resolve) => {
    connection.ondatachannel = ({ channel }) => resolve(channel)
  })

const opened = (channel: RTCDataChannel): Promise<boolean> =>
  new Promise((resolve) => {
    channel.onopen = () => resolve(true)
  })

/** First byte of a parcel. */
const PACKET = 0
const PING = 1

async function send(
  near: RTCDataChannel,
  far: RTCDataChannel,
  signal: AbortSignal,
): Promise<Pick<PathMeasure, 'kilobitsPerSecond' | 'roundTripMs' | 'lost'>> {
  near.binaryType = 'arraybuffer'
  far.binaryType = 'arraybuffer'
  const trips: number[] = []
  let arrived = 0
  let arrivedBytes = 0
  far.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    if (new Uint8Array(data)[0] === PING) far.send(data)
    else {
      arrived++
      arrivedBytes += data.byteLength
    }
  }
  near.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    trips.push(performance.now() - new DataView(data).getFloat64(1))
  }
  const from = performance.now()
  let sent = 0
  let pinged = 0
  const packet = new Uint8Array(PACKET_BYTES)
  packet[0] = PACKET
  for (let now = from; now - from < SEND_MS; now = performance.now()) {
    const due = ((now - from) * KILOBITS_PER_SECOND) / 8 / PACKET_BYTES
    let skipped = false
    // Timers of a page that is not looked at come once a second: then many are due.
    while (sent < due && !skipped) {
      skipped = near.bufferedAmount > BUFFERED_MAX_BYTES
      if (!skipped) {
        near.send(packet)
        sent++
      }
    }
    if (now - from >= pinged * PING_EVERY_MS) {
      pinged++
      near.send(ping(now))
    }
    await wait(EVERY_MS, signal)
  }
  const took = performance.now() - from
  await wait(LINGER_MS, signal)
  return {
    kilobitsPerSecond: (arrivedBytes * 8) / took,
    roundTripMs: median(trips),
    lost: sent === 0 ? 0 : 1 - Math.min(1, arrived / sent),
  }
}

function ping(now: number): ArrayBuffer {
  const buffer = new ArrayBuffer(9)
  const view = new DataView(buffer)
  view.setUint8(0, PING)
  view.setFloat64(1, now)
  return buffer
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? null
}
