/** Everybody sends to a media server once, and receives from it what the others send. Loaded when a call is joined. */
import type { CallShape, MediaTold } from '@parley/protocol/calls'
import type { CallPeer, PeerState, TileSize } from './call-types.ts'
import { FlowWatch, STILL_MS } from './flow-watch.ts'
import { insist } from './insist.ts'
import { SfuDown } from './sfu-down.ts'
import { SfuUp } from './sfu-up.ts'
import type { TellLines } from './tell-lines.ts'
import { othersIn, type Transport, type TransportParts } from './transport.ts'

/** Tiles change together when somebody comes or the window is made larger. */
const LAYERS_MS = 200
const LAYERS_MAX = 100
const LAYER = { small: 0, middle: 1, large: 2 } as const
/** From best to worst. */
const STATES: readonly PeerState[] = ['connected', 'connecting', 'reconnecting', 'failed']

export const createSfu = (parts: TransportParts, lines: TellLines): Transport => new Sfu(parts, lines)

class Sfu implements Transport {
  readonly #parts: TransportParts
  readonly #lines: TellLines
  readonly #flow: FlowWatch
  readonly #speaking = new Set<string>()
  /** How large the cameras are shown, and what the SFU was told of that. */
  readonly #layers = new Map<string, number>()
  readonly #toldLayers = new Map<string, number>()
  #there: ReadonlyMap<string, string> = new Map()
  #up: SfuUp
  #down: SfuDown | null = null
  #cancelLayers: (() => void) | null = null
  #closed = false

  constructor(parts: TransportParts, lines: TellLines) {
    this.#parts = parts
    this.#lines = lines
    this.#flow = new FlowWatch(parts.clock, STILL_MS, () => {
      this.#up.doubt()
      this.#down?.doubt()
      parts.still()
    })
    this.#up = this.#openUp()
  }

  update(call: CallShape): void {
    if (this.#closed) return
    this.#there = othersIn(call, this.#parts.me)
    for (const user of this.#speaking) if (!this.#there.has(user)) this.#speaking.delete(user)
    this.#lines.update(this.#there)
    this.#changed()
  }

  hear(from: string, data: string): boolean {
    return this.#closed || this.#lines.hear(from, data)
  }

  take(told: MediaTold): void {
    if (this.#closed) return
    if (told.told === 'gone') this.#beginAnew()
    else if (told.told === 'speaking') {
      if (told.speaking) this.#speaking.add(told.user)
      else this.#speaking.delete(told.user)
      this.#changed()
    } else {
      this.#down ??= new SfuDown({ ...this.#parts, changed: () => this.#received() })
      this.#down.take(told)
    }
  }

  sync(): void {
    this.#up.sync()
    this.#lines.sync()
  }

  /** Screens are sent in one size. */
  setTile(user: string, of: 'camera' | 'display', size: TileSize): void {
    if (of === 'display' || this.#layers.get(user) === LAYER[size]) return
    this.#layers.set(user, LAYER[size])
    this.#planLayers()
  }

  peers(): readonly CallPeer[] {
    return [...this.#there.keys()].map((user) => this.#peer(user))
  }

  /** Who speaks is the SFU's to say. */
  listen(): void {
    const expected = this.peers().some(({ sound, video, screen }) => sound || video || screen)
    if (this.#down !== null) this.#flow.take(this.#down.hearing().at, expected)
  }

  async measure(): Promise<void> {
    if ((await this.#down?.measure()) === true) this.#changed()
  }

  saying(): Promise<number> {
    return this.#up.saying()
  }

  wake(): void {
    this.#up.wake()
    this.#down?.wake()
  }

  close(): void {
    this.#closed = true
    this.#cancelLayers?.()
    this.#up.close()
    this.#down?.close()
  }

  #peer(user: string): CallPeer {
    const sources = this.#down?.sources(user) ?? new Set()
    const told = this.#lines.told(user)
    const sound = sources.has('microphone') && told?.sound !== false
    return {
      user,
      state: this.#stateOf(sources.size > 0, told !== null && !told.sound && !told.video),
      quality: this.#down?.quality(user) ?? 'unknown',
      speaking: sound && this.#speaking.has(user),
      sound,
      video: sources.has('camera'),
      screen: sources.has('screen'),
      camera: this.#down?.stream(user, 'camera') ?? null,
      display: sources.has('screen') ? (this.#down?.stream(user, 'display') ?? null) : null,
    }
  }

  /** The worse of both ways; who sends nothing is not waited for. */
  #stateOf(received: boolean, silent: boolean): PeerState {
    const down = received ? (this.#down?.state ?? 'connecting') : silent ? 'connected' : 'connecting'
    return STATES[Math.max(STATES.indexOf(down), STATES.indexOf(this.#up.state))] ?? 'connecting'
  }

  #openUp(): SfuUp {
    return new SfuUp({
      ...this.#parts,
      changed: () => this.#changed(),
      broken: () => this.#beginAnew(),
    })
  }

  #beginAnew(): void {
    if (this.#closed) return
    this.#up.close()
    this.#down?.close()
    this.#down = null
    this.#speaking.clear()
    this.#toldLayers.clear()
    this.#up = this.#openUp()
    this.#changed()
  }

  /** Somebody's camera that is new here comes in a size of the SFU's choice. */
  #received(): void {
    for (const user of this.#toldLayers.keys())
      if (this.#down?.sources(user).has('camera') !== true) this.#toldLayers.delete(user)
    this.#planLayers()
    this.#changed()
  }

  #planLayers(): void {
    this.#cancelLayers ??= this.#parts.clock.after(LAYERS_MS, () => {
      this.#cancelLayers = null
      void this.#tellLayers()
    })
  }

  async #tellLayers(): Promise<void> {
    const { clock, ask } = this.#parts
    const down = this.#down
    const layers = [...this.#layers]
      .filter(([user, layer]) => down?.sources(user).has('camera') && this.#toldLayers.get(user) !== layer)
      .slice(0, LAYERS_MAX)
      .map(([user, layer]) => ({ user, source: 'camera' as const, layer }))
    if (layers.length === 0) return
    for (const { user, layer } of layers) this.#toldLayers.set(user, layer)
    // Newer ones are told by themselves.
    const wanted = () =>
      !this.#closed &&
      this.#down === down &&
      layers.every(({ user, layer }) => this.#toldLayers.get(user) === layer)
    await insist(clock, wanted, () => ask({ do: 'layers', layers })).catch(() => {})
    if (this.#layers.size > layers.length && !this.#closed) this.#planLayers()
  }

  #changed(): void {
    if (!this.#closed) this.#parts.changed()
  }
}
