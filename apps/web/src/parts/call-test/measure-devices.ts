/** Looks through the camera and listens to the microphone for a moment. */
import { mediaProblem } from '../call/media-problem.ts'
import type { CameraMeasure, MicrophoneMeasure } from './verdicts.ts'

export interface DeviceOptions {
  /** The chosen one; the browser's choice where it is left out. */
  readonly device: string | undefined
  readonly signal: AbortSignal
}

const CAMERA_MS = 2_500
const LOOKS = 6
const MICROPHONE_MS = 3_000
const SAMPLE = { width: 32, height: 24 } as const

const ideal = (device: string | undefined) => (device === undefined ? {} : { deviceId: { ideal: device } })

/** `show` gets the picture while it is looked at. */
export async function measureCamera(
  { device, signal }: DeviceOptions,
  show: (stream: MediaStream | null) => void,
): Promise<CameraMeasure> {
  const stream = await open({ video: device === undefined ? true : ideal(device) })
  if ('problem' in stream) return stream
  const video = document.createElement('video')
  try {
    show(stream)
    video.muted = true
    video.playsInline = true
    video.srcObject = stream
    // Not awaited: where no picture comes, it never begins.
    video.play().catch(() => undefined)
    let frames = 0
    let brightness = 0
    for (let look = 0; look < LOOKS; look++) {
      await wait(CAMERA_MS / LOOKS, signal)
      if (video.videoWidth === 0) continue
      frames++
      brightness = Math.max(brightness, brightnessOf(video))
    }
    const muted = stream.getVideoTracks().some((track) => track.muted)
    return { frames, brightness, muted, width: video.videoWidth, height: video.videoHeight }
  } finally {
    show(null)
    video.srcObject = null
    stop(stream)
  }
}

/** Mean of the luma, 0 to 255. */
function brightnessOf(video: HTMLVideoElement): number {
  const canvas = document.createElement('canvas')
  canvas.width = SAMPLE.width
  canvas.height = SAMPLE.height
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) return 255
  context.drawImage(video, 0, 0, SAMPLE.width, SAMPLE.height)
  const { data } = context.getImageData(0, 0, SAMPLE.width, SAMPLE.height)
  let sum = 0
  for (let index = 0; index < data.length; index += 4)
    sum += 0.299 * (data[index] ?? 0) + 0.587 * (data[index + 1] ?? 0) + 0.114 * (data[index + 2] ?? 0)
  return sum / (SAMPLE.width * SAMPLE.height)
}

/** Without the browser's improvements: they make silence of what is quiet. `hear` gets each moment's level, 0 to 1. */
export async function measureMicrophone(
  { device, signal }: DeviceOptions,
  hear: (level: number) => void,
): Promise<MicrophoneMeasure> {
  const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
  const stream = await open({ audio: { ...raw, ...ideal(device) } })
  if ('problem' in stream) return stream
  const context = new AudioContext()
  try {
    const label = stream.getAudioTracks()[0]?.label ?? ''
    // A page that was clicked in may; it does not settle where it may not.
    await Promise.race([context.resume(), wait(500, signal)])
    if (context.state !== 'running') return { peak: null, label }
    const analyser = context.createAnalyser()
    analyser.fftSize = 2_048
    context.createMediaStreamSource(stream).connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    let peak = 0
    const end = performance.now() + MICROPHONE_MS
    while (performance.now() < end) {
      await wait(50, signal)
      analyser.getFloatTimeDomainData(samples)
      const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
      peak = Math.max(peak, level)
      hear(level)
    }
    return { peak, label }
  } finally {
    hear(0)
    stop(stream)
    void context.close().catch(() => undefined)
  }
}

const TONE_S = 1.2

/** A soft tone from the chosen speaker. False: the browser plays nothing. */
export async function playTone({ device, signal }: DeviceOptions): Promise<boolean> {
  const context = new AudioContext() as AudioContext & { setSinkId?(id: string): Promise<void> }
  try {
    // A speaker that is gone: then the system's.
    if (device !== undefined) await context.setSinkId?.(device).catch(() => undefined)
    await Promise.race([context.resume(), wait(1_000, signal)])
    if (context.state !== 'running') return false
    const gain = context.createGain()
    const { currentTime: now } = context
    gain.gain.setValueAtTime(0, now)
    gain.gain.linearRampToValueAtTime(0.2, now + 0.05)
    gain.gain.setValueAtTime(0.2, now + TONE_S - 0.2)
    gain.gain.linearRampToValueAtTime(0, now + TONE_S)
    const tone = context.createOscillator()
    tone.frequency.value = 523.25
    tone.connect(gain).connect(context.destination)
    tone.start(now)
    tone.stop(now + TONE_S)
    await wait(TONE_S * 1_000, signal)
    return true
  } finally {
    void context.close().catch(() => undefined)
  }
}

async function open(
  wanted: MediaStreamConstraints,
): Promise<MediaStream | { readonly problem: NonNullable<ReturnType<typeof mediaProblem>> }> {
  try {
    return await navigator.mediaDevices.getUserMedia(wanted)
  } catch (error) {
    return { problem: mediaProblem(error) ?? 'unknown' }
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

/** Rejects when the test is given up. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }, ms)
    const giveUp = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    signal.addEventListener('abort', giveUp, { once: true })
  })
}
