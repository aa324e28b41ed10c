/** What this tab sends: one stream of microphone and camera, which stays the same, and one of the screen. */
import type { LocalView } from './call-types.ts'
import type { DeviceChoice, MediaPort, StreamLike, TrackLike } from './media-port.ts'

/** A track on its way to every peer; a slot's track may be replaced by another one. */
export interface Outgoing {
  readonly slot: string
  readonly track: TrackLike
  readonly stream: StreamLike
}

export class LocalMedia {
  readonly #port: MediaPort
  readonly #changed: () => void
  #camera: StreamLike | null = null
  #display: StreamLike | null = null
  #sound = true
  #choice: DeviceChoice = {}
  #closed = false
  /** One after the other: two clicks on the camera's button are two changes. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(port: MediaPort, changed: () => void) {
    this.#port = port
    this.#changed = changed
  }

  open(video: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#keep(await this.#port.getUserMedia({ audio: true, video }))
    })
  }

  view(): LocalView {
    return {
      sound: this.#sound && this.#track(this.#camera, 'audio') !== undefined,
      video: this.#track(this.#camera, 'video') !== undefined,
      screen: this.#display !== null,
      camera: this.#camera,
      display: this.#display,
    }
  }

  outgoing(): Outgoing[] {
    const of = (name: string, stream: StreamLike | null): Outgoing[] =>
      stream?.getTracks().map((track) => ({ slot: `${name} ${track.kind}`, track, stream })) ?? []
    return [...of('camera', this.#camera), ...of('display', this.#display)]
  }

  setSound(on: boolean): void {
    this.#sound = on
    const track = this.#track(this.#camera, 'audio')
    if (track !== undefined) track.enabled = on
    this.#changed()
  }

  setVideo(on: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const track = this.#track(this.#camera, 'video')
      if (on === (track !== undefined)) return
      if (track !== undefined) this.#drop(track)
      else this.#keep(await this.#port.getUserMedia({ audio: false, video: this.#choice.camera ?? true }))
      this.#changed()
    })
  }

  setScreen(on: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (on === (this.#display !== null)) return
      if (!on) return this.#endDisplay(this.#display)
      const display = await this.#port.getDisplayMedia()
      if (this.#closed) {
        stop(display)
        return
      }
      this.#display = display
      // The browser has its own button to end it.
      for (const track of display.getTracks())
        if (track.kind === 'video') track.addEventListener('ended', () => this.#endDisplay(display))
      this.#changed()
    })
  }

  setDevices(choice: DeviceChoice): Promise<void> {
    return this.#inTurn(async () => {
      this.#choice = { ...this.#choice, ...choice }
      const has = (kind: string) => this.#track(this.#camera, kind) !== undefined
      const audio = has('audio') && (choice.microphone ?? false)
      const video = has('video') && (choice.camera ?? false)
      if (audio === false && video === false) return
      this.#keep(await this.#port.getUserMedia({ audio, video }))
      this.#changed()
    })
  }

  close(): void {
    this.#closed = true
    stop(this.#camera)
    stop(this.#display)
    this.#camera = null
    this.#display = null
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(() => (this.#closed ? undefined : change()))
    this.#turn = result.catch(() => {})
    return result
  }

  /** Its tracks take the places of those of the same kind. */
  #keep(fresh: StreamLike): void {
    if (this.#closed) {
      stop(fresh)
      return
    }
    for (const track of fresh.getTracks()) if (track.kind === 'audio') track.enabled = this.#sound
    const camera = this.#camera
    if (camera === null) {
      this.#camera = fresh
      return
    }
    for (const track of fresh.getTracks()) {
      const old = this.#track(camera, track.kind)
      if (old !== undefined) this.#drop(old)
      camera.addTrack(track)
    }
  }

  #drop(track: TrackLike): void {
    this.#camera?.removeTrack(track)
    track.stop()
  }

  #endDisplay(display: StreamLike | null): void {
    if (display === null || this.#display !== display) return
    stop(display)
    this.#display = null
    this.#changed()
  }

  #track(stream: StreamLike | null, kind: string): TrackLike | undefined {
    return stream?.getTracks().find((track) => track.kind === kind)
  }
}

function stop(stream: StreamLike | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
