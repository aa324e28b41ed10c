/** From what was measured to one plain sentence. Pure; the sentences are in the catalogue `callTest`, below `verdict`. */
import type { MediaServers } from '@parley/protocol/calls'
import type { ConnectionState } from '@parley/sdk/api'
import type { callTest } from '../../i18n/en-call-test.ts'
import type { MediaProblem } from '../call/media-problem.ts'

/** `note`: nothing is wrong, and it is worth knowing. `warning`: calls work for some or badly. `fault`: they do not. */
export type Level = 'good' | 'note' | 'warning' | 'fault' | 'skipped'
export type VerdictKey = keyof typeof callTest.verdict

export interface Verdict {
  readonly level: Level
  readonly key: VerdictKey
  readonly values?: Readonly<Record<string, string | number>>
}

export interface PageMeasure {
  readonly secure: boolean
  readonly webRtc: boolean
}

export function judgePage({ secure, webRtc }: PageMeasure): Verdict {
  if (!secure) return { level: 'fault', key: 'pageInsecure' }
  return webRtc ? { level: 'good', key: 'pageGood' } : { level: 'fault', key: 'pageUnsupported' }
}

export type CameraMeasure =
  | { readonly problem: MediaProblem }
  | {
      readonly frames: number
      /** Of the brightest picture, 0 (black) to 255. */
      readonly brightness: number
      /** The system or a switch of the camera holds pictures back. */
      readonly muted: boolean
      readonly width: number
      readonly height: number
    }

/** A covered lens still has some noise; a dark room is brighter. */
const BLACK_BELOW = 8

const cameraProblems: Readonly<Record<MediaProblem, VerdictKey>> = {
  denied: 'cameraDenied',
  missing: 'cameraMissing',
  busy: 'cameraBusy',
  insecure: 'pageInsecure',
  unsupported: 'pageUnsupported',
  unknown: 'cameraUnknown',
}

/** Without a camera one still talks. */
export function judgeCamera(measure: CameraMeasure): Verdict {
  if ('problem' in measure) {
    const level = measure.problem === 'missing' ? 'note' : 'fault'
    return { level, key: cameraProblems[measure.problem] }
  }
  if (measure.frames === 0 || measure.muted) return { level: 'fault', key: 'cameraNoPicture' }
  if (measure.brightness < BLACK_BELOW) return { level: 'warning', key: 'cameraBlack' }
  const { width, height } = measure
  return { level: 'good', key: 'cameraGood', values: { size: `${width} × ${height}` } }
}

export type MicrophoneMeasure =
  | { readonly problem: MediaProblem }
  | {
      /** Loudest moment: root of the mean square of some 50 ms, 0 to 1; null where the browser let nobody listen. */
      readonly peak: number | null
      readonly label: string
    }

/** Below −70 dB there is not even a microphone's own noise: it is switched off, or a cable is out. */
const SILENT_BELOW = 0.0003
/** Below −46 dB nobody spoke into it. */
const QUIET_BELOW = 0.005

const microphoneProblems: Readonly<Record<MediaProblem, VerdictKey>> = {
  denied: 'microphoneDenied',
  missing: 'microphoneMissing',
  busy: 'microphoneBusy',
  insecure: 'pageInsecure',
  unsupported: 'pageUnsupported',
  unknown: 'microphoneUnknown',
}

export function judgeMicrophone(measure: MicrophoneMeasure): Verdict {
  if ('problem' in measure) return { level: 'fault', key: microphoneProblems[measure.problem] }
  const { peak, label } = measure
  if (peak === null) return { level: 'note', key: 'microphoneUnheard' }
  if (peak < SILENT_BELOW) return { level: 'fault', key: 'microphoneSilent', values: { label } }
  if (peak < QUIET_BELOW) return { level: 'warning', key: 'microphoneQuiet', values: { label } }
  return { level: 'good', key: 'microphoneGood', values: { decibels: decibels(peak) } }
}

const decibels = (level: number): number => Math.round(20 * Math.log10(level))

/** `refused`: the browser plays nothing. */
export function judgeSpeakers(heard: boolean | 'refused'): Verdict {
  if (heard === 'refused') return { level: 'fault', key: 'speakersRefused' }
  return heard ? { level: 'good', key: 'speakersGood' } : { level: 'fault', key: 'speakersUnheard' }
}

export interface ServerMeasure {
  readonly status: ConnectionState['status']
  readonly transport: ConnectionState['transport']
  /** Of a question about calls; null: there was no answer. */
  readonly answerMs: number | null
}

export function judgeServer({ status, transport, answerMs }: ServerMeasure): Verdict {
  if (status !== 'online') return { level: 'fault', key: 'serverOffline' }
  if (answerMs === null) return { level: 'fault', key: 'serverNoCalls' }
  const values = { ms: Math.round(answerMs) }
  if (transport !== 'socket') return { level: 'warning', key: 'serverStandby', values }
  return { level: 'good', key: 'serverGood', values }
}

/** What came of asking STUN and TURN for addresses. */
export interface GatherMeasure {
  readonly srflx: boolean
  readonly relay: boolean
  /** Codes of `icecandidateerror`: 701 is not reachable, others are the server's own. */
  readonly errors: readonly number[]
  /** The browser said that it is done; otherwise time ran out. */
  readonly complete: boolean
  readonly ms: number
}

const UNREACHABLE = 701

/** `null`: none is configured. */
export function judgeStun(measure: GatherMeasure | null): Verdict {
  if (measure === null) return { level: 'note', key: 'stunNone' }
  if (measure.srflx) return { level: 'good', key: 'stunGood', values: { ms: Math.round(measure.ms) } }
  if (!measure.complete || measure.errors.length > 0) return { level: 'warning', key: 'stunUnreachable' }
  // Its answer was the address that the device has anyway: browsers leave that out.
  return { level: 'good', key: 'stunSame' }
}

export type TurnTransport = 'udp' | 'tcp' | 'tls'

export interface TurnServer {
  readonly url: string
  readonly transport: TurnTransport
  readonly username?: string
  readonly credential?: string
}

/** One of several ways: people whose network lets only this one through would miss it. */
export function judgeTurn({ relay, errors, complete, ms }: GatherMeasure): Verdict {
  if (relay) return { level: 'good', key: 'turnGood', values: { ms: Math.round(ms) } }
  if (errors.includes(401)) return { level: 'fault', key: 'turnSecret' }
  if (errors.includes(486) || errors.includes(508)) return { level: 'fault', key: 'turnFull' }
  const own = errors.find((code) => code !== UNREACHABLE)
  if (own !== undefined) return { level: 'fault', key: 'turnRefused', values: { code: own } }
  return { level: 'fault', key: complete && errors.length === 0 ? 'turnNothing' : 'turnUnreachable' }
}

export interface PathMeasure {
  readonly way: 'relay' | 'direct'
  readonly connected: boolean
  readonly kilobitsPerSecond: number
  /** Median; null: nothing came back. */
  readonly roundTripMs: number | null
  /** 0 to 1. */
  readonly lost: number
}

/** Sound needs some 50 kbit/s, a small picture 300, a large one 1,200. */
const SOUND_KILOBITS = 100
const PICTURE_KILOBITS = 600
const LOST_BAD = 0.1
const LOST_SOME = 0.02
const SLOW_MS = 400

export function judgePath({ way, connected, kilobitsPerSecond, roundTripMs, lost }: PathMeasure): Verdict {
  if (!connected) return { level: 'fault', key: way === 'relay' ? 'pathRelayNone' : 'pathDirectNone' }
  const values = {
    kilobits: Math.round(kilobitsPerSecond),
    ms: Math.round(roundTripMs ?? 0),
    percent: Math.round(lost * 1_000) / 10,
  }
  if (roundTripMs === null || kilobitsPerSecond < SOUND_KILOBITS || lost > LOST_BAD)
    return { level: 'fault', key: 'pathBad', values }
  if (lost > LOST_SOME) return { level: 'warning', key: 'pathLossy', values }
  if (kilobitsPerSecond < PICTURE_KILOBITS) return { level: 'warning', key: 'pathNarrow', values }
  if (roundTripMs > SLOW_MS) return { level: 'warning', key: 'pathSlow', values }
  return { level: 'good', key: way === 'relay' ? 'pathRelayGood' : 'pathDirectGood', values }
}

export function judgeMediaServers({ configured, up }: MediaServers): Verdict {
  const values = { configured, up }
  if (configured === 0) return { level: 'note', key: 'sfuNone' }
  if (up === 0) return { level: 'fault', key: 'sfuDown', values }
  return up < configured
    ? { level: 'warning', key: 'sfuSome', values }
    : { level: 'good', key: 'sfuGood', values }
}

/** The worst of all, for the sentence at the end. A closed way to the relay weighs less while another one is open. */
export function overall(
  steps: readonly { readonly name: string; readonly verdict: Verdict | null }[],
): Level {
  const someRelay = steps.some(({ name, verdict }) => name === 'turn' && verdict?.level === 'good')
  const levels = new Set(
    steps.map(({ name, verdict }) =>
      name === 'turn' && verdict?.level === 'fault' && someRelay ? 'warning' : verdict?.level,
    ),
  )
  const order: readonly Level[] = ['fault', 'warning', 'note', 'good']
  return order.find((level) => levels.has(level)) ?? 'skipped'
}
