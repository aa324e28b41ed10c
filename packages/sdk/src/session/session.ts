/** Who is signed in on this device, and the calls that begin and end that. */
import { type Device, ParleyError, type User } from '@parley/protocol'
import type { SessionState } from '../api.ts'
import { backoffMs } from '../connection/backoff.ts'
import type { Environment } from '../environment.ts'
import { Http } from '../http.ts'
import { Rest } from '../rest.ts'
import { ValueStore } from '../store/store.ts'
import { Refresher } from './refresh.ts'
import { SessionTabs } from './session-tabs.ts'
import { type SessionAnswer, Tokens } from './tokens.ts'

export interface SessionEvents {
  signedIn(user: User): void
  /** `forget`: the person asked for it, so nothing of theirs stays on this device. */
  signedOut(user: User | null, forget: boolean): void | Promise<void>
  /** The token of the living connection can be renewed. */
  renewed(token: string): void
  /** Looking for the session failed; the next look is at this time. */
  waiting(retryAt: number | null): void
}

export class Session {
  readonly state = new ValueStore<SessionState>({ status: 'unknown' })
  readonly http: Http
  readonly rest: Rest
  readonly #tokens: Tokens
  readonly #refresher: Refresher
  readonly #environment: Environment
  readonly #events: SessionEvents
  readonly #tabs: SessionTabs
  #cancelLook: (() => void) | null = null
  #looks = 0
  /** A look that began before this number changed is no longer wanted. */
  #generation = 0
  #looking: Promise<void> | null = null
  /** Logging out by one's own will, whatever the server says to that meanwhile. */
  #leaving = false

  constructor(environment: Environment, events: SessionEvents) {
    const { fetch, baseUrl, clock, storage, random, locks } = environment
    const cookies = environment.tokens === 'cookie'
    this.#environment = environment
    this.#events = events
    this.http = new Http({ fetch, baseUrl, clock, cookies })
    this.#tokens = new Tokens(storage, cookies)
    this.#refresher = new Refresher({
      http: this.http,
      tokens: this.#tokens,
      clock,
      random,
      locks,
      cookies,
      renewed: () => {
        if (this.#tokens.access !== null) events.renewed(this.#tokens.access)
      },
      refused: () => void this.end('expired'),
    })
    this.rest = new Rest(this.http, this)
    this.#tabs = new SessionTabs(environment.openChannel, (user) => this.#otherTab(user))
  }

  get user(): User | null {
    const state = this.state.get()
    return state.status === 'signed_in' ? state.user : null
  }

  bearer(): string | null {
    return this.#environment.tokens === 'bearer' ? this.#tokens.access : null
  }

  ensureFresh(): Promise<void> {
    return this.#refresher.ensureFresh()
  }

  refresh(): Promise<boolean> {
    return this.#refresher.refresh()
  }

  /** For a connection that asks for a token in a frame. Null: the session is over. Throws when the server is away. */
  async tokenForFrame(): Promise<string | null> {
    await this.ensureFresh()
    for (let tries = 0; this.#tokens.access === null && tries < 2; tries++) {
      if (!(await this.#refresher.refresh({ needToken: true }))) return null
    }
    return this.#tokens.access
  }

  /** Looks whether there is a session. Resolves after the first look; while the server is away it goes on looking. */
  async start(): Promise<void> {
    this.#tabs.open()
    this.#looks = 0
    // Stopped and started again: who it is is known, and the connection finds out whether that still holds.
    if (this.user === null) await this.#look()
    else this.#resume(this.user)
  }

  stop(): void {
    this.#stopLooking()
    this.#tabs.close()
    this.#refresher.disarm()
    this.http.abortAll()
  }

  /** The network seems to be back: look now instead of later. */
  wake(): void {
    if (this.#cancelLook === null) return
    this.#looks = 0
    void this.#look()
  }

  #stopLooking(): void {
    this.#generation++
    this.#looking = null
    this.#cancelLook?.()
    this.#cancelLook = null
  }

  #look(): Promise<void> {
    if (this.#looking !== null) return this.#looking
    this.#stopLooking()
    this.#events.waiting(null)
    this.#looking = this.#lookOnce(this.#generation)
    return this.#looking
  }

  async #lookOnce(generation: number): Promise<void> {
    const found = await this.#find().catch((error: unknown) => {
      if (error instanceof ParleyError && error.status === 401) return null
      return undefined
    })
    if (generation !== this.#generation) return
    this.#looking = null
    if (found === null) return await this.end('expired')
    if (found !== undefined) {
      this.#resume(found)
      return
    }
    const { clock, random } = this.#environment
    const delayMs = backoffMs(this.#looks++, random)
    this.#cancelLook = clock.after(delayMs, () => void this.#look(), { keepAlive: true })
    this.#events.waiting(clock.now() + delayMs)
  }

  /** Null: nobody is signed in. Throws when that cannot be found out now. */
  async #find(): Promise<User | null> {
    await this.#tokens.reload()
    if (this.#environment.tokens === 'bearer' && this.#tokens.refresh === null) return null
    return (await this.rest.call<{ user: User }>('GET', '/users/me')).user
  }

  /** Somebody signed in or out in another tab of this browser, and the cookies are everybody's. */
  #otherTab(user: string | null): void {
    const { status } = this.state.get()
    if (status === 'unknown' || user === (this.user?.id ?? null)) return
    void this.#change()
  }

  /** The cookies are somebody else's now: forgets who was here and looks who it is. */
  async #change(): Promise<void> {
    const was = this.user
    this.state.set({ status: 'unknown' })
    await this.#events.signedOut(was, false)
    await this.#look()
  }

  /** The connection says who is signed in. False: not the one who was, and everything begins anew. */
  confirm(user: User): boolean {
    if (this.user?.id === user.id) {
      this.update(user)
      return true
    }
    void this.#change()
    return false
  }

  #resume(user: User): void {
    this.#refresher.arm()
    this.state.set({ status: 'signed_in', user })
    this.#events.signedIn(user)
  }

  /** Newer facts about the person signed in. */
  update(user: User): void {
    if (this.user !== null) this.state.set({ status: 'signed_in', user })
  }

  /** The server ended it. Only somebody who was signed in is told why not any more. */
  async end(reason: 'revoked' | 'expired'): Promise<void> {
    const was = this.user
    const before = this.state.get().status
    if (before === 'signed_out' || this.#leaving) return
    this.state.set(before === 'signed_in' ? { status: 'signed_out', reason } : { status: 'signed_out' })
    await this.#leave(was, false)
  }

  async #leave(was: User | null, forget: boolean): Promise<void> {
    this.#stopLooking()
    this.#refresher.disarm()
    const cleared = this.#tokens.clear()
    await this.#events.signedOut(was, forget)
    await cleared
  }

  register(body: object): Promise<User> {
    return this.#begin('/auth/register', body)
  }

  login(body: object): Promise<User> {
    return this.#begin('/auth/login', body)
  }

  async #begin(path: string, body: object): Promise<User> {
    const { clock } = this.#environment
    const answer = await this.http.json<SessionAnswer>({ method: 'POST', path: `/api/v1${path}`, body })
    // Somebody else was here before: their connection and state go first.
    this.#stopLooking()
    if (this.user !== null) await this.#leave(this.user, false)
    await this.#tokens.take(answer, clock.now())
    this.#tabs.open()
    this.#resume(answer.user)
    this.#tabs.tell(answer.user.id)
    return answer.user
  }

  /** Ends the session here even if the server cannot be told; then its tokens are thrown away all the same. */
  async logout(): Promise<void> {
    const was = this.user
    this.#leaving = true
    try {
      await this.rest.call('POST', '/auth/logout').catch(() => {})
      this.state.set({ status: 'signed_out' })
      this.#tabs.tell(null)
      await this.#leave(was, true)
    } finally {
      this.#leaving = false
    }
  }

  async changePassword(input: { current: string; next: string }): Promise<void> {
    await this.rest.call('POST', '/auth/password', { body: input })
  }

  async devices(): Promise<readonly Device[]> {
    return (await this.rest.call<{ devices: Device[] }>('GET', '/auth/devices')).devices
  }

  async revokeDevice(id: string): Promise<void> {
    await this.rest.call('DELETE', `/auth/devices/${encodeURIComponent(id)}`)
  }

  async updateMe(input: { display_name?: string; avatar_file_id?: string | null }): Promise<User> {
    const { user } = await this.rest.call<{ user: User }>('PATCH', '/users/me', { body: input })
    this.update(user)
    return user
  }
}
