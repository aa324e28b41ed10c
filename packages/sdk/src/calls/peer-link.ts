/**
 * One peer connection and its line: perfect negotiation. Everything is done in turn and the line keeps the order, so that
 * glare is only ever an offer that comes while one's own is not answered: the polite one takes its own back.
 */
import type { Clock } from '../clock.ts'
import type { CallPeer, PeerState } from './call-types.ts'
import type { Outgoing } from './local-media.ts'
import type {
  ConnectionStage,
  DescriptionLike,
  MediaPort,
  PeerPort,
  SenderLike,
  StreamLike,
  TrackLike,
} from './media-port.ts'
import type { SignalLine } from './signal-line.ts'

/** Not connected for so long: another way is looked for (ICE restart). */
export const RESTART_MS = 10_000
/** So many restarts in vain are shown as a failure. */
export const RESTARTS_SHOWN = 2

/** What somebody sends, told in band; `display` is the id of the stream that shows the screen. */
export interface Told {
  readonly sound: boolean
  readonly video: boolean
  readonly display: string | null
}

type Body =
  | { readonly description: DescriptionLike }
  | { readonly candidate: unknown }
  | { readonly told: Told }

export interface PeerLinkParts {
  readonly clock: Clock
  readonly media: MediaPort
  readonly user: string
  /** Of the two exactly one is. */
  readonly polite: boolean
  readonly line: Pick<SignalLine, 'send' | 'close'>
  readonly changed: () => void
}

interface Slot {
  readonly sender: SenderLike
  track: TrackLike
}

export class PeerLink {
  readonly #parts: PeerLinkParts
  readonly #peer: PeerPort
  readonly #slots = new Map<string, Slot>()
  readonly #streams = new Map<string, StreamLike>()
  /** Streams that ever were a screen: one that ended must not be taken for the camera. */
  readonly #shown = new Set<string>()
  /** Of the other one, until there is a description that they belong to. */
  #candidates: unknown[] = []
  #described = false
  /** The other one's last offer gave way to one's own, and with it the candidates that follow. */
  #ignoring = false
  #told: Told = { sound: false, video: false, display: null }
  #saidLast = ''
  #state: PeerState = 'connecting'
  #wasConnected = false
  #restarts = 0
  #cancelRestart: (() => void) | null = null
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(parts: PeerLinkParts) {
    this.#parts = parts
    this.#peer = parts.media.createPeer({
      negotiationNeeded: () => this.#inTurn(() => this.#offer()),
      candidate: (candidate) => this.#say({ candidate }),
      stage: (stage) => this.#stage(stage),
      track: (stream) => {
        this.#streams.set(stream.id, stream)
        parts.changed()
      },
    })
    this.#planRestart()
  }

  view(): CallPeer {
    const { sound, video, display } = this.#told
    const streams = [...this.#streams.values()]
    return {
      user: this.#parts.user,
      state: this.#state,
      sound,
      video,
      screen: display !== null,
      camera: streams.findLast(({ id }) => id !== display && !this.#shown.has(id)) ?? null,
      display: (display === null ? undefined : this.#streams.get(display)) ?? null,
    }
  }

  /** Sends exactly these tracks, and tells what they are. */
  sync(outgoing: readonly Outgoing[], told: Told): void {
    if (this.#closed) return
    const said = JSON.stringify(told)
    // Before the description: what comes of it is known by then.
    if (said !== this.#saidLast) this.#say({ told })
    this.#saidLast = said
    const wanted = new Set(outgoing.map(({ slot, stream }) => `${slot} ${stream.id}`))
    for (const [key, { sender }] of this.#slots) {
      if (wanted.has(key)) continue
      this.#slots.delete(key)
      this.#peer.removeTrack(sender)
    }
    for (const { slot, track, stream } of outgoing) {
      const key = `${slot} ${stream.id}`
      const known = this.#slots.get(key)
      if (known === undefined) this.#slots.set(key, { track, sender: this.#peer.addTrack(track, stream) })
      else if (known.track !== track) {
        known.track = track
        // Refused when the connection is closing.
        known.sender.replaceTrack(track).catch(() => {})
      }
    }
  }

  /** What came over the line, in order. */
  take(body: unknown): void {
    if (typeof body !== 'object' || body === null) return
    const said = body as Body
    if ('description' in said) this.#inTurn(() => this.#describe(said.description))
    else if ('candidate' in said) this.#inTurn(() => this.#candidate(said.candidate))
    else if ('told' in said) {
      this.#told = said.told
      if (said.told.display !== null) this.#shown.add(said.told.display)
      this.#parts.changed()
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelRestart?.()
    this.#parts.line.close()
    this.#peer.close()
  }

  async #offer(): Promise<void> {
    // The browser asks again when it is stable.
    if (this.#peer.signalingState !== 'stable') return
    this.#say({ description: await this.#peer.setLocalDescription() })
  }

  async #describe(description: DescriptionLike): Promise<void> {
    const isOffer = description.type === 'offer'
    const open = this.#peer.signalingState !== 'stable'
    if (isOffer && open && !this.#parts.polite) {
      this.#ignoring = true
      return
    }
    // An answer to an offer that was taken back.
    if (!isOffer && !open) return
    this.#ignoring = false
    await this.#peer.setRemoteDescription(description)
    this.#described = true
    const early = this.#candidates
    this.#candidates = []
    for (const candidate of early) await this.#addCandidate(candidate)
    if (isOffer) this.#say({ description: await this.#peer.setLocalDescription() })
  }

  async #candidate(candidate: unknown): Promise<void> {
    if (this.#ignoring) return
    if (this.#described) await this.#addCandidate(candidate)
    else this.#candidates.push(candidate)
  }

  /** One that is of no use here (an address family, an earlier generation) is not worth a word. */
  async #addCandidate(candidate: unknown): Promise<void> {
    await this.#peer.addCandidate(candidate).catch(() => {})
  }

  #say(body: Body): void {
    if (!this.#closed) this.#parts.line.send(body)
  }

  /** What the browser refuses shows as a connection that does not come; the restart tries again. */
  #inTurn(step: () => Promise<void>): void {
    this.#turn = this.#turn.then(() => (this.#closed ? undefined : step())).catch(() => {})
  }

  #stage(stage: ConnectionStage): void {
    if (this.#closed) return
    if (stage === 'connected') {
      this.#cancelRestart?.()
      this.#cancelRestart = null
      this.#restarts = 0
      this.#wasConnected = true
      this.#show('connected')
    } else if (stage === 'disconnected' || stage === 'failed') {
      if (this.#state === 'connected') this.#show('reconnecting')
      if (stage === 'failed' && this.#restarts === 0) this.#restart()
      else if (this.#cancelRestart === null) this.#planRestart()
    }
  }

  #planRestart(): void {
    this.#cancelRestart?.()
    this.#cancelRestart = this.#parts.clock.after(RESTART_MS, () => this.#restart())
  }

  #restart(): void {
    this.#restarts++
    if (this.#restarts > RESTARTS_SHOWN) this.#show('failed')
    else this.#show(this.#wasConnected ? 'reconnecting' : 'connecting')
    this.#peer.restartIce()
    this.#planRestart()
  }

  #show(state: PeerState): void {
    if (this.#state === state) return
    this.#state = state
    this.#parts.changed()
  }
}
