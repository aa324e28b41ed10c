/** The calls of my rooms. What being in one takes (`tab-call.ts`) is loaded when there is one to be in. */
import { type Answers, type CallFrame, ParleyError } from '@parley/protocol'
import type { CallMedia, CallRequest, CallShape, IceServer, MediaServers } from '@parley/protocol/calls'
import type { Clock } from '../clock.ts'
import { DerivedStore } from '../store/store.ts'
import type { CallPreferences, Calls, CallsState, CurrentCall, EnterInput, TileSize } from './call-types.ts'
import type { TabCall, TabCallParts } from './tab-call.ts'

/** What is over is remembered so that late news does not bring it back. */
const ENDED_MAX = 100
const LIST_AGAIN_MS = 2_000
const LIST_AGAIN_MAX_MS = 60_000

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never
/** A request without its number. */
export type CallAsk = { readonly t: 'call' } & DistributiveOmit<CallRequest, 'id'>

export interface CallsParts {
  readonly clock: Clock
  readonly supported: boolean
  readonly me: () => string
  /** On the present connection; rejects with `ParleyError`. */
  readonly request: (ask: CallAsk) => Promise<Answers['call']>
  /** Where this tab may be in a call since before a reload. */
  readonly storedEndpoint: () => string | null
  readonly loadTab: (parts: Omit<TabCallParts, 'clock' | 'endpoint' | 'port' | 'probe'>) => Promise<TabCall>
}

export class CallsClient implements Calls {
  readonly supported: boolean
  readonly #parts: CallsParts
  readonly #calls = new Map<string, CallShape>()
  readonly #ended = new Set<string>()
  readonly #store = new DerivedStore<CallsState>(() => this.#compute())
  #preferences: CallPreferences = { noiseSuppression: true, relayOnly: false }
  #loading: Promise<TabCall> | null = null
  #tab: TabCall | null = null
  #entering: { readonly room: string | null } | null = null
  #online = false
  /** Counts connections: an answer of an earlier one is old. */
  #line = 0
  #listAgainMs = LIST_AGAIN_MS
  #cancelList: (() => void) | null = null

  constructor(parts: CallsParts) {
    this.#parts = parts
    this.supported = parts.supported
  }

  readonly get = (): CallsState => this.#store.get()
  readonly subscribe = (listener: () => void): (() => void) => this.#store.subscribe(listener)

  start(room: string, input: EnterInput & { readonly media: CallMedia }): Promise<void> {
    return this.#enter(room, (tab) => tab.start(room, input))
  }

  answer(call: string, input: EnterInput = {}): Promise<void> {
    return this.#enter(this.#calls.get(call)?.room ?? null, (tab) => tab.answer(call, input))
  }

  async decline(call: string): Promise<void> {
    await this.#parts.request({ t: 'call', op: 'decline', call })
  }

  async leave(): Promise<void> {
    this.#entering = null
    this.#store.invalidate()
    await this.#tab?.leave()
  }

  async setSound(on: boolean): Promise<void> {
    await this.#tab?.setSound(on)
  }

  async setVideo(on: boolean): Promise<void> {
    await this.#tab?.setVideo(on)
  }

  async setScreen(on: boolean): Promise<void> {
    await this.#tab?.setScreen(on)
  }

  async setPreferences(preferences: CallPreferences): Promise<void> {
    this.#preferences = preferences
    await this.#tab?.setPreferences(preferences)
  }

  setTile(user: string, of: 'camera' | 'display', size: TileSize): void {
    this.#tab?.setTile(user, of, size)
  }

  async server(): Promise<{ ice_servers: readonly IceServer[]; media_servers: MediaServers }> {
    const { ice_servers = [], media_servers = { configured: 0, up: 0 } } = await this.#parts.request({
      t: 'call',
      op: 'ice',
    })
    return { ice_servers, media_servers }
  }

  /** A new connection: what was missed is asked for, and a call that this tab is in goes on. */
  online(): void {
    this.#online = true
    this.#line++
    this.#listAgainMs = LIST_AGAIN_MS
    this.#store.invalidate()
    void this.#list(this.#line)
  }

  offline(): void {
    this.#online = false
    this.#line++
    this.#cancelList?.()
    this.#cancelList = null
    this.#tab?.offline()
    this.#store.invalidate()
  }

  /** The network may be another one now. */
  wake(): void {
    this.#tab?.wake()
  }

  /** Somebody else signs in, or nobody. */
  clear(): void {
    this.offline()
    this.#entering = null
    this.#tab?.end()
    this.#calls.clear()
    this.#store.invalidate()
  }

  /** The room is none of mine any more. */
  forget(room: string): void {
    for (const [id, call] of this.#calls) if (call.room === room) this.#calls.delete(id)
    this.#store.invalidate()
  }

  take(frame: CallFrame): void {
    if (frame.event === 'signal' || frame.event === 'media' || frame.event === 'dismiss')
      this.#tab?.take(frame)
    if ('media' in frame || frame.event === 'signal') return
    this.#keep(frame.call)
  }

  #compute(): CallsState {
    const calls = [...this.#calls.values()].sort(
      (a, b) => a.started_at - b.started_at || (a.id < b.id ? -1 : 1),
    )
    const ringing = calls.filter((call) => this.#rings(call))
    const returning = this.#tab?.returning ?? null
    const entering =
      this.#entering ?? (returning === null ? null : { room: this.#calls.get(returning)?.room ?? null })
    return { calls, ringing, current: this.#current(), entering }
  }

  #current(): CurrentCall | null {
    const call = this.#calls.get(this.#tab?.id ?? '')
    const view = this.#tab?.view() ?? null
    if (call === undefined || view === null) return null
    return { call, status: this.#online ? 'joined' : 'reconnecting', ...view }
  }

  async #enter(room: string | null, enter: (tab: TabCall) => Promise<void>): Promise<void> {
    if ((this.#tab?.id ?? null) !== null)
      throw new ParleyError('conflict', { message: 'You are in another call.' })
    const entering = { room }
    this.#entering = entering
    this.#store.invalidate()
    try {
      const tab = await this.#load()
      if (this.#entering !== entering) throw new ParleyError('conflict', { message: 'The call was left.' })
      await enter(tab)
    } finally {
      if (this.#entering === entering) this.#entering = null
      this.#store.invalidate()
    }
  }

  #load(): Promise<TabCall> {
    const { me, request, loadTab } = this.#parts
    this.#loading ??= loadTab({
      me,
      request,
      preferences: () => this.#preferences,
      known: (call) => this.#calls.get(call),
      keep: (call) => this.#keep(call),
      changed: () => this.#store.invalidate(),
    }).then(
      (tab) => {
        this.#tab = tab
        return tab
      },
      (error: unknown) => {
        this.#loading = null
        throw error
      },
    )
    return this.#loading
  }

  /** News of a call, in any order. */
  #keep(call: CallShape): void {
    if (this.#ended.has(call.id) || (this.#calls.get(call.id)?.version ?? 0) >= call.version) return
    if (call.ended_at === undefined) this.#calls.set(call.id, call)
    else {
      this.#calls.delete(call.id)
      this.#ended.add(call.id)
      for (const id of this.#ended) if (this.#ended.size > ENDED_MAX) this.#ended.delete(id)
    }
    this.#tab?.update(call)
    this.#store.invalidate()
    // So that an answer is not kept waiting.
    if (this.supported && this.#rings(call)) this.#load().catch(() => {})
  }

  async #list(line: number): Promise<void> {
    const before = [...this.#calls.keys()]
    try {
      const { calls = [] } = await this.#parts.request({ t: 'call', op: 'list' })
      if (line !== this.#line) return
      const listed = new Set(calls.map(({ id }) => id))
      for (const id of before) if (!listed.has(id) && id !== this.#tab?.id) this.#calls.delete(id)
      for (const call of calls) this.#keep(call)
      this.#store.invalidate()
      if (this.#tab !== null || calls.some((call) => this.#mayBeIn(call))) (await this.#load()).online(calls)
    } catch (error) {
      if (line !== this.#line || (error instanceof ParleyError && !error.retryable)) return
      this.#cancelList = this.#parts.clock.after(this.#listAgainMs, () => void this.#list(line))
      this.#listAgainMs = Math.min(2 * this.#listAgainMs, LIST_AGAIN_MAX_MS)
    }
  }

  #rings({ participants }: CallShape): boolean {
    const me = this.#parts.me()
    return participants.some(({ user, standing }) => user === me && standing === 'ringing')
  }

  #mayBeIn({ participants }: CallShape): boolean {
    const me = this.#parts.me()
    const stored = this.#parts.storedEndpoint()
    return stored !== null && participants.some(({ user, endpoint }) => user === me && endpoint === stored)
  }
}
