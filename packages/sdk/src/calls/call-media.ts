/** What this tab sends in a call, and the present transport: a new one leaves the devices as they are. */

import { ParleyError } from '@parley/protocol'
import type { CallShape, MediaAsk, MediaTold } from '@parley/protocol/calls'
import type { Clock } from '../clock.ts'
import type { CallPeer, CallPreferences, EnterInput, LocalView, TileSize } from './call-types.ts'
import type { IceServers } from './ice-servers.ts'
import { LocalMedia } from './local-media.ts'
import type { MediaPort } from './media-port.ts'
import { createMesh } from './mesh.ts'
import { createSfu } from './sfu.ts'
import { nextSpeaker, SpeakingMeter } from './speaking.ts'
import { TellLines } from './tell-lines.ts'
import type { Transport, TransportParts } from './transport.ts'

/** How often it is looked who speaks: the level is that of the last packet, and a word has louder and softer ones. */
const LISTEN_MS = 150
/** Every so many times it is looked whether this tab does, and how well the others are received. Both cost more. */
const LISTENS_PER_SAYING = 2
const LISTENS_PER_MEASURE = 14

export interface CallMediaParts {
  readonly clock: Clock
  readonly port: MediaPort
  readonly me: string
  readonly endpoint: string
  readonly preferences: CallPreferences
  readonly ice: IceServers
  readonly newSession: () => number
  readonly signal: (to: string, data: string) => void
  readonly ask: (generation: number, ask: MediaAsk) => Promise<{ readonly sdp?: string | undefined }>
  readonly changed: () => void
  /** As a transport says it. */
  readonly still: () => void
}

export class CallMedia {
  readonly #parts: CallMediaParts
  readonly #local: LocalMedia
  readonly #meter: SpeakingMeter
  readonly #tiles = new Map<string, readonly [user: string, of: 'camera' | 'display', size: TileSize]>()
  #transport: Transport | null = null
  #lines: TellLines | null = null
  #kind: string | null = null
  #generation = 0
  #soundOnly = false
  #speaker: string | null = null
  #cancelListen: (() => void) | null = null
  #listens = 0
  #closed = false

  constructor(parts: CallMediaParts) {
    this.#parts = parts
    this.#meter = new SpeakingMeter(parts.clock)
    this.#local = new LocalMedia({
      port: parts.port,
      preferences: parts.preferences,
      changed: () => {
        this.#transport?.sync()
        this.#changed()
      },
    })
  }

  /** Rejects as `getUserMedia` does. */
  open(input: EnterInput): Promise<void> {
    return this.#local.open(input)
  }

  /** The state of the call, newest. */
  update(call: CallShape): void {
    if (this.#closed) return
    const { kind, generation } = call.transport
    const mine = call.participants.find(({ user }) => user === this.#parts.me)
    this.#soundOnly = mine?.sound_only === true
    if (this.#soundOnly) this.#hidePictures()
    if (generation < this.#generation) return
    if (kind !== this.#kind || generation !== this.#generation) {
      this.#transport?.close()
      this.#kind = kind
      this.#generation = generation
      this.#transport = this.#createTransport(kind, generation)
      for (const tile of this.#tiles.values()) this.#transport.setTile(...tile)
      this.#local.own()
      this.#cancelListen ??= this.#planListen()
    }
    this.#transport?.update(call)
    this.#changed()
  }

  /** False: it belongs to what is not known here yet. */
  hear(from: string, data: string): boolean {
    return this.#transport?.hear(from, data) ?? false
  }

  take(generation: number, told: MediaTold): boolean {
    if (generation > this.#generation) return false
    if (generation === this.#generation) this.#transport?.take(told)
    return true
  }

  setSound(on: boolean): Promise<void> {
    return this.#local.setSound(on)
  }

  setVideo(on: boolean): Promise<void> {
    return on && this.#soundOnly ? Promise.reject(noPictures()) : this.#local.setVideo(on)
  }

  setScreen(on: boolean): Promise<void> {
    return on && this.#soundOnly ? Promise.reject(noPictures()) : this.#local.setScreen(on)
  }

  setPreferences(preferences: CallPreferences): Promise<void> {
    return this.#local.setPreferences(preferences)
  }

  setTile(...tile: [user: string, of: 'camera' | 'display', size: TileSize]): void {
    this.#tiles.set(`${tile[1]} ${tile[0]}`, tile)
    this.#transport?.setTile(...tile)
  }

  local(): LocalView {
    const view = this.#local.view()
    return { ...view, speaking: view.sound && this.#meter.speaking, soundOnly: this.#soundOnly }
  }

  peers(): readonly CallPeer[] {
    return this.#transport?.peers() ?? []
  }

  /** The one for the stage; never oneself. */
  speaker(): string | null {
    const peers = this.peers()
    const speaking = peers.flatMap((peer) => (peer.speaking ? [peer.user] : []))
    this.#speaker = nextSpeaker(this.#speaker, speaking, new Set(peers.map(({ user }) => user)))
    return this.#speaker
  }

  wake(): void {
    this.#transport?.wake()
  }

  close(): void {
    this.#closed = true
    this.#cancelListen?.()
    this.#transport?.close()
    this.#lines?.close()
    this.#local.close()
  }

  #createTransport(kind: CallShape['transport']['kind'], generation: number): Transport {
    const { clock, port, me, endpoint, ice, preferences, newSession, signal, ask, still } = this.#parts
    const parts: TransportParts = {
      clock,
      port,
      me,
      endpoint,
      generation,
      local: this.#local,
      ice,
      relayOnly: preferences.relayOnly,
      newSession,
      signal,
      ask: (one) => ask(generation, one),
      changed: () => this.#changed(),
      still,
    }
    if (kind === 'sfu') {
      this.#lines ??= new TellLines(parts)
      return createSfu(parts, this.#lines)
    }
    this.#lines?.close()
    this.#lines = null
    return createMesh(parts)
  }

  #hidePictures(): void {
    const { video, screen } = this.#local.view()
    if (video) void this.#local.setVideo(false)
    if (screen) void this.#local.setScreen(false)
  }

  #planListen(): () => void {
    return this.#parts.clock.after(LISTEN_MS, () => {
      this.#cancelListen = this.#planListen()
      void this.#listen()
    })
  }

  async #listen(): Promise<void> {
    const transport = this.#transport
    if (transport === null) return
    transport.listen()
    this.#listens++
    if (this.#listens % LISTENS_PER_MEASURE === 0) void transport.measure()
    if (this.#listens % LISTENS_PER_SAYING !== 0) return
    const level = this.#local.view().sound ? await transport.saying() : 0
    if (this.#meter.take(level)) this.#changed()
  }

  #changed(): void {
    if (!this.#closed) this.#parts.changed()
  }
}

const noPictures = (): ParleyError =>
  new ParleyError('conflict', {
    message: 'Too many people in this call send pictures.',
    details: { reason: 'sound_only' },
  })
