/** What this tab sends: one stream of microphone and camera, which stays the same, and one of the screen. */
import type { TrackSource } from '@parley/protocol/calls'
import type { CallPreferences, EnterInput, LocalView } from './call-types.ts'
import type { MediaPort, StreamLike, TrackLike, UserMediaWanted } from './media-port.ts'

/** A track on its way to the others; a source's track may be replaced by another one. */
export interface Outgoing {
  readonly source: TrackSource
  readonly track: TrackLike
  readonly stream: StreamLike
}

export interface LocalMediaParts {
  readonly port: MediaPort
  readonly preferences: CallPreferences
  /** What is sent, or whether it is heard, is something else now. */
  readonly changed: () => void
}

type Kind = 'audio' | 'video'

export class LocalMedia {
  readonly #parts: LocalMediaParts
  #preferences: CallPreferences
  #camera: StreamLike | null = null
  #display: StreamLike | null = null
  /** Of a preview: whoever opened them keeps them if the call does not come about. */
  #given: readonly TrackLike[] = []
  #sound = true
  #closed = false
  /** One after the other: two clicks on the camera's button are two changes. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: LocalMediaParts) {
    this.#parts = parts
    this.#preferences = parts.preferences
  }

  open({ muted = false, video = false, stream }: EnterInput): Promise<void> {
    return this.#inTurn(async () => {
      this.#sound = !muted
      const ready = stream?.getTracks().filter(({ readyState }) => readyState === 'live') ?? []
      const has = (kind: Kind) => ready.some((track) => track.kind === kind)
      // Whoever brings what could be opened, and no microphone among it, only listens.
      const listens = muted && stream !== undefined
      const wanted = this.#wanted({ audio: !has('audio') && !listens, video: video && !has('video') })
      const fresh =
        wanted.audio === false && wanted.video === false ? null : await this.#parts.port.getUserMedia(wanted)
      if (this.#closed) return stop(fresh)
      this.#given = ready
      const own = this.#parts.port.createStream()
      for (const track of ready) if (track.kind === 'audio' || video) own.addTrack(track)
      if (ready.length > 0) this.#keep(own)
      if (fresh !== null) this.#keep(fresh)
    })
  }

  /** The call came about: what was given is its own now. */
  own(): void {
    const kept = this.#camera?.getTracks()
    for (const track of this.#given) if (kept?.includes(track) !== true) track.stop()
    this.#given = []
  }

  view(): Omit<LocalView, 'speaking' | 'soundOnly'> {
    return {
      sound: this.#sound && this.#track('audio') !== undefined,
      video: this.#track('video') !== undefined,
      screen: this.#display !== null,
      camera: this.#camera,
      display: this.#display,
    }
  }

  outgoing(): Outgoing[] {
    const of = (stream: StreamLike | null, audio: TrackSource, video: TrackSource): Outgoing[] =>
      stream
        ?.getTracks()
        .map((track) => ({ source: track.kind === 'audio' ? audio : video, track, stream })) ?? []
    return [...of(this.#camera, 'microphone', 'camera'), ...of(this.#display, 'screen_sound', 'screen')]
  }

  /** At once where the microphone is open. */
  async setSound(on: boolean): Promise<void> {
    const track = this.#track('audio')
    if (this.#sound === on && (track !== undefined || !on)) return
    this.#sound = on
    if (track !== undefined) track.enabled = on
    else if (on) await this.#openMicrophone()
    this.#parts.changed()
  }

  #openMicrophone(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#track('audio') === undefined)
        this.#keep(await this.#parts.port.getUserMedia(this.#wanted({ audio: true, video: false })))
    })
  }

  setVideo(on: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const track = this.#track('video')
      if (on === (track !== undefined)) return
      if (track !== undefined && this.#camera !== null) this.#release(this.#camera, track)
      else this.#keep(await this.#parts.port.getUserMedia(this.#wanted({ audio: false, video: true })))
      this.#parts.changed()
    })
  }

  setScreen(on: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (on === (this.#display !== null)) return
      if (!on) return this.#endDisplay(this.#display)
      const display = await this.#parts.port.getDisplayMedia()
      if (this.#closed) return stop(display)
      this.#display = display
      // The browser has its own button to end it.
      for (const track of display.getTracks())
        if (track.kind === 'video') track.addEventListener('ended', () => this.#endDisplay(display))
      this.#parts.changed()
    })
  }

  /** Devices that are in use change at once, without the others noticing. */
  setPreferences(preferences: CallPreferences): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#preferences
      this.#preferences = preferences
      const { microphone, camera, noiseSuppression } = preferences
      const other = microphone !== before.microphone || noiseSuppression !== before.noiseSuppression
      const audio = other && this.#track('audio') !== undefined
      const video = camera !== before.camera && this.#track('video') !== undefined
      if (!audio && !video) return
      try {
        this.#keep(await this.#parts.port.getUserMedia(this.#wanted({ audio, video })))
      } catch (error) {
        this.#preferences = before
        throw error
      }
      this.#parts.changed()
    })
  }

  close(): void {
    this.#closed = true
    for (const track of this.#camera?.getTracks() ?? [])
      if (this.#given.includes(track)) track.enabled = true
      else track.stop()
    stop(this.#display)
    this.#camera = null
    this.#display = null
  }

  #wanted({ audio, video }: { readonly audio: boolean; readonly video: boolean }): UserMediaWanted {
    const { microphone, camera, noiseSuppression } = this.#preferences
    return {
      audio: audio && { device: microphone, cleaned: noiseSuppression },
      video: video && { device: camera },
    }
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
    const camera = this.#camera ?? fresh
    for (const track of fresh.getTracks()) {
      if (track.kind === 'audio') track.enabled = this.#sound
      track.addEventListener('ended', () => this.#lose(track))
      const old = this.#track(track.kind)
      if (old !== undefined) this.#release(camera, old)
      if (camera !== fresh) camera.addTrack(track)
    }
    this.#camera = camera
  }

  /** A device that was unplugged; another microphone is better than none. */
  #lose(track: TrackLike): void {
    void this.#inTurn(async () => {
      const camera = this.#camera
      if (camera?.getTracks().includes(track) !== true) return
      this.#release(camera, track)
      if (track.kind === 'audio')
        await this.#parts.port.getUserMedia(this.#wanted({ audio: true, video: false })).then(
          (fresh) => this.#keep(fresh),
          () => {},
        )
      this.#parts.changed()
    })
  }

  #release(stream: StreamLike, track: TrackLike): void {
    stream.removeTrack(track)
    track.stop()
  }

  #endDisplay(display: StreamLike | null): void {
    if (display === null || this.#display !== display) return
    stop(display)
    this.#display = null
    this.#parts.changed()
  }

  #track(kind: string): TrackLike | undefined {
    return this.#camera?.getTracks().find((track) => track.kind === kind)
  }
}

function stop(stream: StreamLike | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
