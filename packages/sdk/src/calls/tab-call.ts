/** The call that this tab is in: entering, saying that it is here, coming back after a reload, leaving. Loaded on demand. */
import { type Answers, CALL_HERE_MS, type CallFrame, ParleyError } from '@parley/protocol'
import type { CallShape, CallMedia as Media } from '@parley/protocol/calls'
import type { Clock } from '../clock.ts'
import { CallMedia } from './call-media.ts'
import type { CallPreferences, CurrentCall, EnterInput, TileSize } from './call-types.ts'
import type { CallAsk } from './calls-client.ts'
import type { Endpoint } from './endpoint.ts'
import { IceServers } from './ice-servers.ts'
import type { MediaPort } from './media-port.ts'

/** What came before the news that it belongs to; the rest is said again. */
const EARLY_MAX = 64
/** While the server cannot say whether the call of before a reload goes on. */
const RETURN_AGAIN_MS = 1_000

/** What is said to this tab alone. */
export type TabFrame = Extract<CallFrame, { readonly event: 'signal' | 'media' | 'dismiss' }>

export interface TabCallParts {
  readonly clock: Clock
  readonly endpoint: Endpoint
  /** Null where there is no WebRTC. */
  readonly port: MediaPort | null
  readonly me: () => string
  readonly request: (ask: CallAsk) => Promise<Answers['call']>
  readonly preferences: () => CallPreferences
  /** The newest state of a call; undefined: it is over, or not known. */
  readonly known: (call: string) => CallShape | undefined
  /** A call as the server answered it. */
  readonly keep: (call: CallShape) => void
  readonly changed: () => void
  /** Finds out whether the line to the server still lives. */
  readonly probe: () => void
}

interface Current {
  readonly id: string
  readonly media: CallMedia
}

export class TabCall {
  readonly #parts: TabCallParts
  readonly #ice: IceServers
  #current: Current | null = null
  /** Tells what waits that it is no longer wanted. */
  #attempt = 0
  #entering: number | null = null
  #returning: string | null = null
  #early: Exclude<TabFrame, { event: 'dismiss' }>[] = []
  #asking = false
  #cancelHere: (() => void) | null = null
  #cancelReturn: (() => void) | null = null

  constructor(parts: TabCallParts) {
    this.#parts = parts
    this.#ice = new IceServers(
      parts.clock,
      async () => (await parts.request({ t: 'call', op: 'ice' })).ice_servers ?? [],
    )
  }

  get id(): string | null {
    return this.#current?.id ?? null
  }

  /** The call that it comes back to after a reload. */
  get returning(): string | null {
    return this.#returning
  }

  view(): Omit<CurrentCall, 'call' | 'status'> | null {
    if (this.#current === null) return null
    const { media } = this.#current
    return { local: media.local(), peers: media.peers(), speaker: media.speaker() }
  }

  start(room: string, { media, ...input }: EnterInput & { readonly media: Media }): Promise<void> {
    const { id: endpoint } = this.#parts.endpoint
    return this.#enter({ video: media === 'video', ...input }, () =>
      this.#parts.request({ t: 'call', op: 'start', endpoint, room, media }),
    )
  }

  answer(call: string, input: EnterInput): Promise<void> {
    const { id: endpoint } = this.#parts.endpoint
    const video = this.#parts.known(call)?.media === 'video'
    return this.#enter({ video, ...input }, () =>
      this.#parts.request({ t: 'call', op: 'join', endpoint, call }),
    )
  }

  async leave(): Promise<void> {
    const { id } = this
    this.end()
    if (id !== null) await this.#sayLeft(id)
  }

  async setSound(on: boolean): Promise<void> {
    await this.#current?.media.setSound(on)
    this.#remember()
  }

  async setVideo(on: boolean): Promise<void> {
    await this.#current?.media.setVideo(on)
    this.#remember()
  }

  async setScreen(on: boolean): Promise<void> {
    await this.#current?.media.setScreen(on)
  }

  async setPreferences(preferences: CallPreferences): Promise<void> {
    await this.#current?.media.setPreferences(preferences)
  }

  setTile(user: string, of: 'camera' | 'display', size: TileSize): void {
    this.#current?.media.setTile(user, of, size)
  }

  take(frame: TabFrame): void {
    if (frame.endpoint !== this.#parts.endpoint.id) return
    if (frame.event !== 'dismiss') this.#hear(frame)
    else if (frame.call.id === this.#current?.id) this.end()
  }

  /** News of a call were kept. */
  update(call: CallShape): void {
    if (call.id !== this.#current?.id) return
    if (call.ended_at !== undefined) {
      this.end()
      return
    }
    this.#current.media.update(call)
    const early = this.#early
    this.#early = []
    // Once: what these news do not explain is said again.
    for (const frame of early) this.#pass(frame)
  }

  /** A new connection, and the calls there are. */
  online(calls: readonly CallShape[]): void {
    if (this.#current !== null) {
      this.#current.media.wake()
      return void this.#sayHere()
    }
    const mine = calls.find((call) => this.#isIn(call))
    if (mine === undefined || this.#entering !== null) return
    if (mine.id === this.#parts.endpoint.call) void this.#comeBack(mine)
    // It was left while the server could not be told: nobody is heard who hung up.
    else void this.#sayLeft(mine.id)
  }

  offline(): void {
    this.#cancelHere?.()
    this.#cancelHere = null
  }

  wake(): void {
    this.#current?.media.wake()
  }

  /** Is in no call any more, and says nothing. */
  end(): void {
    this.#attempt++
    this.#entering = null
    this.#returning = null
    this.#early = []
    this.#parts.endpoint.call = null
    this.#cancelReturn?.()
    this.offline()
    this.#current?.media.close()
    this.#current = null
    this.#parts.changed()
  }

  #hear(frame: Exclude<TabFrame, { event: 'dismiss' }>): void {
    if (this.#current === null && this.#entering === null) return
    if (this.#pass(frame)) return
    if (this.#early.length < EARLY_MAX) this.#early.push(frame)
    // It waits for the next news of the call.
    if (this.#current !== null && !this.#asking) void this.#sayHere()
  }

  /** False: it is not understood yet. */
  #pass(frame: Exclude<TabFrame, { event: 'dismiss' }>): boolean {
    if (this.#current === null) return false
    const { id, media } = this.#current
    if (frame.call !== id) return true
    return frame.event === 'signal'
      ? media.hear(frame.from, frame.data)
      : media.take(frame.generation, frame.media)
  }

  /** The devices first: nobody is called by somebody who cannot speak. */
  async #enter(input: EnterInput, join: () => Promise<Answers['call']>): Promise<void> {
    if (this.#current !== null) throw new ParleyError('conflict', { message: 'You are in another call.' })
    const { port } = this.#parts
    if (port === null)
      throw new ParleyError('unavailable', { message: 'There are no calls in this browser.' })
    const attempt = ++this.#attempt
    this.#entering = attempt
    this.#early = []
    const media = this.#createMedia(port)
    let joined: string | undefined
    try {
      await Promise.all([media.open(input), this.#ice.refresh()])
      if (attempt !== this.#attempt)
        throw new ParleyError('conflict', { message: 'Another call came first.' })
      const { call } = await join()
      if (call === undefined) throw new ParleyError('unavailable')
      joined = call.id
      this.#parts.keep(call)
      if (attempt !== this.#attempt) throw new ParleyError('conflict', { message: 'The call was left.' })
      const known = this.#parts.known(call.id)
      if (known === undefined) throw new ParleyError('conflict', { message: 'This call is over.' })
      this.#hold(known, media)
    } catch (error) {
      media.close()
      if (joined !== undefined) await this.#sayLeft(joined)
      throw error
    } finally {
      if (this.#entering === attempt) this.#entering = null
    }
  }

  #createMedia(port: MediaPort): CallMedia {
    const { clock, endpoint, me, preferences, request, changed, probe } = this.#parts
    const media = new CallMedia({
      clock,
      port,
      me: me(),
      endpoint: endpoint.id,
      preferences: preferences(),
      ice: this.#ice,
      newSession: () => endpoint.newSession(),
      signal: (to, data) => {
        const call = this.#callOf(media)
        // What is lost is said again.
        if (call !== null)
          request({ t: 'call', op: 'signal', endpoint: endpoint.id, call, to, data }).catch(() => {})
      },
      ask: async (generation, ask) => {
        const call = this.#callOf(media)
        if (call === null) throw new ParleyError('conflict')
        return request({ t: 'call', op: 'media', endpoint: endpoint.id, call, generation, ask })
      },
      changed,
      // What took away the others took away the server, too, or it is needed for another way to them.
      still: probe,
    })
    return media
  }

  #callOf(media: CallMedia): string | null {
    return this.#current?.media === media ? this.#current.id : null
  }

  #hold(call: CallShape, media: CallMedia): void {
    this.#current = { id: call.id, media }
    this.#parts.endpoint.call = call.id
    this.#remember()
    this.update(call)
    this.#planHere()
  }

  #remember(): void {
    const local = this.#current?.media.local()
    if (local !== undefined) this.#parts.endpoint.wasOn = { sound: local.sound, video: local.video }
  }

  #isIn({ participants }: CallShape): boolean {
    const me = this.#parts.me()
    return participants.some(({ user, endpoint }) => user === me && endpoint === this.#parts.endpoint.id)
  }

  /** After a reload. `here` and not `join`: it never takes the call away from a device that has it meanwhile. */
  async #comeBack(shape: CallShape): Promise<void> {
    const { id: call } = shape
    const { id: endpoint, wasOn } = this.#parts.endpoint
    this.#returning = call
    this.#parts.changed()
    try {
      await this.#enter({ muted: !wasOn.sound, video: wasOn.video }, () =>
        this.#parts.request({ t: 'call', op: 'here', endpoint, call }),
      )
    } catch (error) {
      // Otherwise without its devices, or too late: its grace ends it.
      if (error instanceof ParleyError && error.retryable) this.#planReturn(shape)
    } finally {
      if (this.#returning === call) this.#returning = null
      this.#parts.changed()
    }
  }

  #planReturn(shape: CallShape): void {
    const { clock, endpoint } = this.#parts
    this.#cancelReturn?.()
    this.#cancelReturn = clock.after(RETURN_AGAIN_MS, () => {
      const isFree = this.#current === null && this.#entering === null
      if (isFree && endpoint.call === shape.id) void this.#comeBack(shape)
    })
  }

  #planHere(): void {
    this.offline()
    this.#cancelHere = this.#parts.clock.after(CALL_HERE_MS, () => void this.#sayHere())
  }

  async #sayHere(): Promise<void> {
    const current = this.#current
    if (current === null) return
    this.#planHere()
    this.#asking = true
    try {
      const { endpoint, request, keep } = this.#parts
      const { call } = await request({ t: 'call', op: 'here', endpoint: endpoint.id, call: current.id })
      if (call !== undefined && current === this.#current) keep(call)
    } catch (error) {
      if (current !== this.#current || !(error instanceof ParleyError)) return
      // Another device has it, or the grace is over.
      if (error.code === 'conflict' || error.code === 'not_found' || error.code === 'forbidden') this.end()
    } finally {
      this.#asking = false
    }
  }

  async #sayLeft(call: string): Promise<void> {
    const { endpoint, request } = this.#parts
    await request({ t: 'call', op: 'leave', endpoint: endpoint.id, call }).catch(() => {})
  }
}
