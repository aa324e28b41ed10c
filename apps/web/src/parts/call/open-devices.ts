/** Opens microphone and camera for a preview, and says of each why it could not be. */
import { type MediaProblem, mediaProblem } from './media-problem.ts'

export interface WantedDevices {
  readonly sound: boolean
  readonly video: boolean
  readonly microphone: string | undefined
  readonly camera: string | undefined
  readonly noiseSuppression: boolean
}

export interface OpenedDevices {
  readonly tracks: readonly MediaStreamTrack[]
  readonly microphone: MediaProblem | null
  readonly camera: MediaProblem | null
}

/** What of a browser's `MediaDevices` and `Permissions` is used. */
export interface DevicePort {
  getUserMedia(wanted: MediaStreamConstraints): Promise<Pick<MediaStream, 'getTracks'>>
  /** Whether it may be opened without a question to the person; false where the browser does not tell. */
  isGranted(kind: 'microphone' | 'camera'): Promise<boolean>
}

export function browserDevices(devices: MediaDevices, permissions: Permissions | undefined): DevicePort {
  return {
    getUserMedia: (wanted) => devices.getUserMedia(wanted),
    async isGranted(kind) {
      try {
        return (await permissions?.query({ name: kind }))?.state === 'granted'
      } catch {
        return false
      }
    },
  }
}

/** Asks for both at once, so that the person is asked once. Never rejects. */
export async function openDevices(port: DevicePort, wanted: WantedDevices): Promise<OpenedDevices> {
  const audio: MediaStreamConstraints['audio'] = {
    ...ideal(wanted.microphone),
    echoCancellation: true,
    autoGainControl: true,
    noiseSuppression: wanted.noiseSuppression,
  }
  const video: MediaStreamConstraints['video'] = {
    ...ideal(wanted.camera),
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30 },
  }
  const open = async (constraints: MediaStreamConstraints) => {
    try {
      return { tracks: (await port.getUserMedia(constraints)).getTracks(), problem: null }
    } catch (error) {
      return { tracks: [], problem: mediaProblem(error) ?? ('unknown' as const) }
    }
  }
  const one = async (kind: 'microphone' | 'camera', asked: boolean) => {
    const is = kind === 'microphone' ? wanted.sound : wanted.video
    if (!is) return { tracks: [], problem: null }
    // Who just said no is not asked twice; who forbade one of the two still has the other.
    if (asked && !(await port.isGranted(kind))) return { tracks: [], problem: 'denied' as const }
    return open(kind === 'microphone' ? { audio } : { video })
  }
  if (wanted.sound && wanted.video) {
    const both = await open({ audio, video })
    if (both.problem === null) return { tracks: both.tracks, microphone: null, camera: null }
    const denied = both.problem === 'denied'
    return joined(await one('microphone', denied), await one('camera', denied))
  }
  return joined(await one('microphone', false), await one('camera', false))
}

interface Opened {
  readonly tracks: readonly MediaStreamTrack[]
  readonly problem: MediaProblem | null
}

const joined = (microphone: Opened, camera: Opened): OpenedDevices => ({
  tracks: [...microphone.tracks, ...camera.tracks],
  microphone: microphone.problem,
  camera: camera.problem,
})

/** `ideal`: what was chosen once and is gone must not keep anybody from calling. */
const ideal = (id: string | undefined): { deviceId?: ConstrainDOMString } =>
  id === undefined ? {} : { deviceId: { ideal: id } }
