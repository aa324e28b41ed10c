/** The calls of my rooms, and the one that this tab is in. */
import type { Answers, CallFrame } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import { CALL_HERE_MS, type CallRequest, type CallShape, MESH_MAX_USERS } from '@parley/protocol/calls'
import type { Clock } from '../clock.ts'
import { DerivedStore } from '../store/store.ts'
import type { Calls, CallsState, CurrentCall } from './call-types.ts'
import { createEndpoint, type Endpoint, type TabStorage } from './endpoint.ts'
import type { DeviceChoice, MediaPort } from './media-port.ts'
import type { Mesh, MeshParts } from './mesh.ts'

/** What is over is remembered so that late news does not bring it back. */
const ENDED_MAX = 100
const LIST_AGAIN_MS = 2_000

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never
/** A request without its number. */
export type CallAsk = { readonly t: 'call' } & DistributiveOmit<CallRequest, 'id'>

export interface CallsParts {
  readonly clock: Clock
  readonly newId: () => string
  /** One a tab; `null` where there is none. */
  readonly tabStorage: TabStorage | null
  readonly me: () => string
  /** On the present connection; rejects when there is none or it is lost. */
  readonly request: (ask: CallAsk) => Promise<Answers['call']>
  /** Resolves with `null` where there is no WebRTC: then only the news of calls. Rejects when it cannot be loaded. */
  readonly media: () => Promise<MediaPort | null>
  readonly loadMesh?: () => Promise<(parts: MeshParts) => Mesh>
}

interface Current {
  readonly id: string
  readonly mesh: Mesh
}

export class CallsClient implements Calls {
  readonly #parts: CallsParts
  readonly #endpoint: Endpoint
  readonly #calls = new Map<string, CallShape>()
  readonly #ended = new Set<string>()
  readonly #store = new DerivedStore<CallsState>(() => this.#compute())
  #current: Current | null = null
  /** Tells what waits that it is no longer wanted. */
  #attempt = 0
  #entering: number | null = null
  #online = false
  /** Counts connections: an answer of an earlier one is old. */
  #line = 0
  #cancelHere: (() => void) | null = null
  #cancelList: (() => void) | null = null

  constructor(parts: CallsParts) {
    this.#parts = parts
    this.#endpoint = createEndpoint(parts.tabStorage, parts.newId)
  }

  readonly get = (): CallsState => this.#store.get()
  readonly subscribe = (listener: () => void): (() => void) => this.#store.subscribe(listener)

  async start(room: string, { media }: { readonly media: CallShape['media'] }): Promise<void> {
    const { id: endpoint } = this.#endpoint
    await this.#enter(media === 'video', () => this.#ask({ t: 'call', op: 'start', endpoint, room, media }))
  }

  async answer(call: string, input: { readonly video?: boolean } = {}): Promise<void> {
    const known = this.#calls.get(call)
    if (known !== undefined && isFull(known, this.#parts.me()))
      throw new ParleyError('conflict', { message: 'This call is full.' })
    const { id: endpoint } = this.#endpoint
    const video = input.video ?? known?.media === 'video'
    await this.#enter(video, () => this.#ask({ t: 'call', op: 'join', endpoint, call }))
  }

  async decline(call: string): Promise<void> {
    await this.#ask({ t: 'call', op: 'decline', call })
  }

  async leave(): Promise<void> {
    const { id } = this.#current ?? {}
    this.#end()
    if (id !== undefined) await this.#sayLeft(id)
  }

  setSound(on: boolean): void {
    this.#current?.mesh.setSound(on)
  }

  async setVideo(on: boolean): Promise<void> {
    const current = this.#current
    await current?.mesh.setVideo(on)
    if (current !== null && current === this.#current) this.#endpoint.video = on
  }

  async setScreen(on: boolean): Promise<void> {
    await this.#current?.mesh.setScreen(on)
  }

  async setDevices(choice: DeviceChoice): Promise<void> {
    await this.#current?.mesh.setDevices(choice)
  }

  /** A new connection: what was missed is asked for, and a call that this tab is in goes on. */
  online(): void {
    this.#online = true
    this.#line++
    this.#store.invalidate()
    void this.#list(this.#line)
  }

  offline(): void {
    this.#online = false
    this.#line++
    this.#cancelList?.()
    this.#cancelList = null
    this.#cancelHere?.()
    this.#cancelHere = null
    this.#store.invalidate()
  }

  /** Somebody else signs in. */
  clear(): void {
    this.offline()
    this.#end()
    this.#calls.clear()
    this.#store.invalidate()
  }

  take(frame: CallFrame): void {
    if (frame.event === 'signal') {
      if (frame.endpoint === this.#endpoint.id && frame.call === this.#current?.id)
        this.#current.mesh.take(frame.from, frame.data)
      return
    }
    if (
      frame.event === 'dismiss' &&
      frame.endpoint === this.#endpoint.id &&
      frame.call.id === this.#current?.id
    )
      this.#end()
    this.#keep(frame.call)
  }

  #compute(): CallsState {
    const calls = [...this.#calls.values()].sort(
      (a, b) => a.started_at - b.started_at || (a.id < b.id ? -1 : 1),
    )
    const me = this.#parts.me()
    const ringing = calls.filter(({ participants }) =>
      participants.some(({ user, standing }) => user === me && standing === 'ringing'),
    )
    return { calls, ringing, current: this.#view() }
  }

  #view(): CurrentCall | null {
    const call = this.#current === null ? undefined : this.#calls.get(this.#current.id)
    if (this.#current === null || call === undefined) return null
    const { mesh } = this.#current
    return {
      call,
      status: this.#online ? 'joined' : 'reconnecting',
      local: mesh.local(),
      peers: mesh.peers(),
    }
  }

  #ask(ask: CallAsk): Promise<Answers['call']> {
    return this.#parts.request(ask)
  }

  /** The devices first: nobody is called by somebody who cannot speak. */
  async #enter(video: boolean, join: () => Promise<Answers['call']>): Promise<void> {
    if (this.#current !== null) throw new ParleyError('conflict', { message: 'You are in another call.' })
    const attempt = ++this.#attempt
    this.#entering = attempt
    try {
      await this.#enterWith(await this.#openMesh(), attempt, video, join)
    } finally {
      if (this.#entering === attempt) this.#entering = null
    }
  }

  async #enterWith(
    mesh: Mesh,
    attempt: number,
    video: boolean,
    join: () => Promise<Answers['call']>,
  ): Promise<void> {
    let joined: string | undefined
    try {
      await mesh.open(video)
      if (attempt !== this.#attempt)
        throw new ParleyError('conflict', { message: 'Another call came first.' })
      const { call } = await join()
      if (call === undefined) throw new ParleyError('unavailable')
      joined = call.id
      if (attempt !== this.#attempt) throw new ParleyError('conflict', { message: 'The call was left.' })
      if (this.#ended.has(call.id)) throw new ParleyError('conflict', { message: 'This call is over.' })
      this.#endpoint.video = video
      this.#hold(call, mesh)
    } catch (error) {
      mesh.close()
      if (joined !== undefined) await this.#sayLeft(joined)
      throw error
    }
  }

  async #openMesh(): Promise<Mesh> {
    const {
      media,
      clock,
      me,
      loadMesh = () => import('./mesh.ts').then((module) => module.createMesh),
    } = this.#parts
    const port = await media()
    if (port === null)
      throw new ParleyError('unavailable', { message: 'There are no calls in this browser.' })
    const createMesh = await loadMesh()
    const { id: endpoint } = this.#endpoint
    const mesh = createMesh({
      clock,
      media: port,
      me: me(),
      endpoint,
      newSession: () => this.#endpoint.newSession(),
      signal: (to, data) => {
        const call = this.#current?.mesh === mesh ? this.#current.id : undefined
        // What is lost is said again.
        if (call !== undefined)
          this.#ask({ t: 'call', op: 'signal', endpoint, call, to, data }).catch(() => {})
      },
      changed: () => this.#store.invalidate(),
    })
    return mesh
  }

  #hold(call: CallShape, mesh: Mesh): void {
    this.#current = { id: call.id, mesh }
    this.#endpoint.call = call.id
    this.#keep(call)
    if (this.#current !== null) this.#planHere()
  }

  /** News of a call; it has no number, so that what came last counts. */
  #keep(call: CallShape): void {
    if (this.#ended.has(call.id)) return
    if (call.ended_at !== undefined) {
      this.#calls.delete(call.id)
      this.#ended.add(call.id)
      for (const id of this.#ended) if (this.#ended.size > ENDED_MAX) this.#ended.delete(id)
      if (call.id === this.#current?.id) this.#end()
    } else {
      this.#calls.set(call.id, call)
      if (call.id === this.#current?.id) this.#current.mesh.update(call)
    }
    this.#store.invalidate()
  }

  async #list(line: number): Promise<void> {
    try {
      const { calls = [] } = await this.#ask({ t: 'call', op: 'list' })
      if (line !== this.#line) return
      const current = this.#current?.id
      const listed = new Set(calls.map(({ id }) => id))
      for (const id of this.#calls.keys()) if (!listed.has(id) && id !== current) this.#calls.delete(id)
      for (const call of calls) this.#keep(call)
      this.#store.invalidate()
      if (this.#current !== null) return void this.#sayHere()
      const mine = calls.find((call) => this.#isIn(call))
      if (mine === undefined || this.#entering !== null) return
      if (mine.id === this.#endpoint.call) void this.#comeBack(mine.id)
      // It was left while the server could not be told: nobody is heard who hung up.
      else void this.#sayLeft(mine.id)
    } catch (error) {
      if (line !== this.#line || (error instanceof ParleyError && !error.retryable)) return
      this.#cancelList = this.#parts.clock.after(LIST_AGAIN_MS, () => void this.#list(line))
    }
  }

  #isIn({ participants }: CallShape): boolean {
    const me = this.#parts.me()
    return participants.some(({ user, endpoint }) => user === me && endpoint === this.#endpoint.id)
  }

  /** After a reload. `here` and not `join`: it never takes the call away from a device that has it meanwhile. */
  async #comeBack(call: string): Promise<void> {
    const { id: endpoint, video } = this.#endpoint
    try {
      await this.#enter(video, () => this.#ask({ t: 'call', op: 'here', endpoint, call }))
    } catch {
      // Without its devices, or too late: its grace ends it.
    }
  }

  #planHere(): void {
    this.#cancelHere?.()
    this.#cancelHere = this.#parts.clock.after(CALL_HERE_MS, () => void this.#sayHere())
  }

  async #sayHere(): Promise<void> {
    const current = this.#current
    if (current === null) return
    this.#planHere()
    try {
      const { call } = await this.#ask({
        t: 'call',
        op: 'here',
        endpoint: this.#endpoint.id,
        call: current.id,
      })
      if (call !== undefined && current === this.#current) this.#keep(call)
    } catch (error) {
      if (current !== this.#current || !(error instanceof ParleyError)) return
      // Another device has it, or the grace is over.
      if (error.code === 'conflict' || error.code === 'not_found' || error.code === 'forbidden') this.#end()
    }
  }

  async #sayLeft(call: string): Promise<void> {
    await this.#ask({ t: 'call', op: 'leave', endpoint: this.#endpoint.id, call }).catch(() => {})
  }

  #end(): void {
    this.#attempt++
    this.#entering = null
    this.#endpoint.call = null
    this.#cancelHere?.()
    this.#cancelHere = null
    this.#current?.mesh.close()
    this.#current = null
    this.#store.invalidate()
  }
}

function isFull({ participants, media }: CallShape, me: string): boolean {
  const joined = participants.filter(({ user, standing }) => standing === 'joined' && user !== me)
  return joined.length >= MESH_MAX_USERS[media]
}
