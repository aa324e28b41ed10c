/** Microphone and camera before a call: one stream, whose tracks come and go as the person switches them. */
import type { Store } from '@parley/sdk/api'
import type { MediaProblem } from './media-problem.ts'
import { type DevicePort, openDevices } from './open-devices.ts'

export interface PreviewDevice {
  /** What the person wants; with a problem it is not what they have. */
  readonly on: boolean
  readonly problem: MediaProblem | null
  readonly track: MediaStreamTrack | null
}

export interface PreviewState {
  /** The browser is asked, and may be asking the person. */
  readonly asking: boolean
  readonly microphone: PreviewDevice
  readonly camera: PreviewDevice
}

export interface PreviewChoice {
  readonly microphone: string | undefined
  readonly camera: string | undefined
  readonly noiseSuppression: boolean
}

interface PreviewInput {
  readonly port: DevicePort
  /** Empty; belongs to the preview until it is released. */
  readonly stream: MediaStream
  readonly video: boolean
  readonly choice: PreviewChoice
}

type Kind = 'microphone' | 'camera'
const kinds = ['microphone', 'camera'] as const
const trackKinds = { microphone: 'audio', camera: 'video' } as const

export class Preview implements Store<PreviewState> {
  readonly stream: MediaStream
  readonly #port: DevicePort
  readonly #listeners = new Set<() => void>()
  #choice: PreviewChoice
  #state: PreviewState
  /** The stream is a call's for the time being, or for good. */
  #lent = false
  #closed = false
  /** One after the other: a second click while the browser asks is a second wish. */
  #turn: Promise<void> = Promise.resolve()

  constructor({ port, stream, video, choice }: PreviewInput) {
    this.stream = stream
    this.#port = port
    this.#choice = choice
    const device = (on: boolean): PreviewDevice => ({ on, problem: null, track: null })
    this.#state = { asking: false, microphone: device(true), camera: device(video) }
  }

  get = (): PreviewState => this.#state

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Opens what is wanted and not open. */
  open(): Promise<void> {
    return this.#open((kind) => this.#state[kind].on && this.#state[kind].track === null)
  }

  set(kind: Kind, on: boolean): void {
    this.#device(kind, { on, problem: on ? this.#state[kind].problem : null })
    const { track } = this.#state[kind]
    if (kind === 'microphone' && track !== null) track.enabled = on
    // A camera that is off shows no light.
    else if (!on) this.#drop(kind)
    if (on) void this.open()
  }

  /** Other devices or another treatment; what is open is opened anew. */
  choose(choice: PreviewChoice): void {
    const before = this.#choice
    const again = new Set(
      kinds.filter(
        (kind) =>
          this.#state[kind].on &&
          (choice[kind] !== before[kind] ||
            (kind === 'microphone' && choice.noiseSuppression !== before.noiseSuppression)),
      ),
    )
    this.#choice = choice
    if (again.size === 0) return
    // Some systems open a device once only.
    for (const kind of again) this.#drop(kind)
    void this.#open((kind) => again.has(kind))
  }

  /** For a call that may come about: the stream is not touched until it is taken back. */
  lend(): MediaStream {
    this.#lent = true
    return this.stream
  }

  /** The call did not come about. */
  takeBack(): void {
    this.#lent = false
    const { on, track } = this.#state.microphone
    if (this.#closed) this.#stop()
    else if (track !== null) track.enabled = on
  }

  close(): void {
    this.#closed = true
    if (!this.#lent) this.#stop()
  }

  get #mine(): boolean {
    return !this.#lent && !this.#closed
  }

  #stop(): void {
    for (const kind of kinds) this.#state[kind].track?.stop()
  }

  #open(wanted: (kind: Kind) => boolean): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      const asked = kinds.filter(wanted)
      if (!this.#mine || asked.length === 0) return
      this.#change({ asking: true })
      const opened = await openDevices(this.#port, {
        ...this.#choice,
        sound: asked.includes('microphone'),
        video: asked.includes('camera'),
      })
      if (this.#mine)
        for (const kind of asked)
          this.#keep(
            kind,
            opened.tracks.find((track) => track.kind === trackKinds[kind]),
            opened[kind],
          )
      else for (const track of opened.tracks) track.stop()
      this.#change({ asking: false })
    })
    return this.#turn
  }

  #keep(kind: Kind, track: MediaStreamTrack | undefined, problem: MediaProblem | null): void {
    if (track === undefined) {
      this.#device(kind, { problem })
      return
    }
    this.#drop(kind)
    // Switched off again while the browser was asked.
    if (kind === 'camera' && !this.#state.camera.on) {
      track.stop()
      return
    }
    track.enabled = this.#state[kind].on
    this.stream.addTrack(track)
    // Pulled out, or taken away by the person.
    track.addEventListener('ended', () => {
      if (!this.#mine || this.#state[kind].track !== track) return
      this.stream.removeTrack(track)
      this.#device(kind, { track: null, problem: 'missing' })
    })
    this.#device(kind, { track, problem: null })
  }

  #drop(kind: Kind): void {
    const { track } = this.#state[kind]
    if (track === null) return
    this.stream.removeTrack(track)
    track.stop()
    this.#device(kind, { track: null })
  }

  #device(kind: Kind, next: Partial<PreviewDevice>): void {
    this.#change({ [kind]: { ...this.#state[kind], ...next } })
  }

  #change(next: Partial<PreviewState>): void {
    this.#state = { ...this.#state, ...next }
    for (const listener of this.#listeners) listener()
  }
}
