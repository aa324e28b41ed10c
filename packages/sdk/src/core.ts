/** The parts of the SDK and how they hear of one another: session → connection → rooms → timelines, and the outbox beside them. */
import {
  LIST_MAX_ITEMS,
  type Member,
  ParleyError,
  type PushFrame,
  type ReadyFrame,
  type Room,
  SMALL_ROOM_MAX_MEMBERS,
  TYPING_INTERVAL_MS,
  type User,
} from '@parley/protocol'
import type { ConnectionState, Parley } from './api.ts'
import type { CallsClient } from './calls/calls-client.ts'
import { createCalls } from './calls/create-calls.ts'
import { Connector } from './connection/connector.ts'
import { pollTransport } from './connection/poll-transport.ts'
import { socketTransport } from './connection/socket-transport.ts'
import { streamTransport } from './connection/stream-transport.ts'
import type { Environment } from './environment.ts'
import { Outbox } from './outbox/outbox.ts'
import { PushClient } from './push/push-client.ts'
import { Session } from './session/session.ts'
import { Gaps } from './store/gaps.ts'
import { Inbox } from './store/inbox.ts'
import { MarkSender } from './store/marks.ts'
import { createPageSource } from './store/page-source.ts'
import { Presences } from './store/presences.ts'
import type { TimelineContext } from './store/room-timeline.ts'
import { Rooms } from './store/rooms.ts'
import { ValueStore } from './store/store.ts'
import { Timelines } from './store/timelines.ts'
import { Users } from './store/users.ts'
import { createUpload } from './upload.ts'

const REFETCH_TRIES_MAX = 5

export class Core {
  readonly session: Session
  readonly connection = new ValueStore<ConnectionState>({ status: 'idle', transport: null, retryAt: null })
  readonly connector: Connector
  readonly rooms: Rooms
  readonly timelines: Timelines
  readonly users: Users
  readonly presences: Presences
  readonly inbox: Inbox
  readonly push: PushClient
  readonly calls: CallsClient
  readonly marks: MarkSender
  readonly upload: Parley['upload']
  readonly outbox: Outbox
  readonly #environment: Environment
  readonly #gaps: Gaps
  readonly #typedAt = new Map<string, number>()
  /** Rooms whose facts are being fetched. */
  readonly #fetching = new Set<string>()
  #endWake: (() => void) | null = null

  constructor(environment: Environment) {
    const { clock, random, baseUrl, storage } = environment
    this.#environment = environment
    this.session = new Session(environment, {
      signedIn: (user) => this.#enter(user),
      signedOut: (user, forget) => this.#leave(user, forget),
      renewed: (token) => this.connector.renew(token),
      waiting: (retryAt) => {
        const status = retryAt === null ? 'connecting' : 'offline'
        this.connection.set({ status, transport: null, retryAt })
      },
    })
    const { http } = this.session
    const bearer = () => this.session.bearer()
    const { WebSocket } = environment
    this.connector = new Connector({
      clock,
      random,
      openers: {
        ...(WebSocket === null ? {} : { socket: socketTransport(baseUrl, WebSocket) }),
        stream: streamTransport(http, bearer),
        poll: pollTransport(http, clock, bearer),
      },
      credentials: this.session,
      events: {
        ready: (frame) => this.#ready(frame),
        push: (frame) => this.#push(frame),
        lost: () => this.#lost(),
        refused: (reason) => void this.session.end(reason),
      },
    })
    this.connector.state.subscribe(() => this.connection.set(this.connector.state.get()))
    this.rooms = this.#createRooms()
    this.#gaps = this.#createGaps()
    this.timelines = new Timelines(clock, (room) => this.#timelineContext(room))
    this.users = new Users(clock, (ids) => this.#fetchUsers(ids))
    this.presences = new Presences({
      clock,
      watch: (request) => this.connector.requestOnce<'watch'>(request),
      tell: (request) => this.connector.requestOnce<'presence'>(request),
    })
    this.inbox = new Inbox(this.session.rest, clock)
    this.push = new PushClient({ device: environment.pushDevice, rest: this.session.rest, storage })
    this.calls = createCalls(environment, this.connector, () => this.me)
    this.marks = new MarkSender({
      clock,
      rooms: this.rooms,
      me: () => this.me,
      request: (request) => this.connector.requestOnce<'mark'>(request),
    })
    this.upload = createUpload(this.session.rest, environment)
    this.outbox = new Outbox({
      clock,
      random,
      newId: environment.newId,
      storage,
      locks: environment.locks,
      openChannel: environment.openChannel,
      upload: this.upload,
      send: (request) => this.connector.requestOnce<'send'>(request),
      online: () => this.connector.online,
      arrived: (room) => this.rooms.get(room)?.log.position ?? 0,
      changed: (room) => this.timelines.get(room)?.touch(),
    })
  }

  get me(): string {
    return this.session.user?.id ?? ''
  }

  async start(): Promise<void> {
    this.#listenForWake()
    await this.session.start()
  }

  stop(): void {
    this.#endWake?.()
    this.#endWake = null
    this.session.stop()
    this.connector.stop()
    this.connection.set(this.connector.state.get())
    this.#gaps.reset()
    this.presences.close()
    this.inbox.offline()
    this.calls.clear()
    this.marks.offline()
    this.users.close()
    this.rooms.close()
    this.timelines.pause()
    this.outbox.close()
  }

  typing(room: string): void {
    const now = this.#environment.clock.now()
    if (now - (this.#typedAt.get(room) ?? Number.NEGATIVE_INFINITY) < TYPING_INTERVAL_MS) return
    this.#typedAt.set(room, now)
    this.connector.tell({ t: 'typing', room })
  }

  /** Fetches the facts of one room again. */
  async refetch(id: string): Promise<void> {
    if (this.#fetching.has(id)) return
    this.#fetching.add(id)
    try {
      // In a busy room the answer may be older than what has arrived meanwhile.
      for (let tries = 0; tries < REFETCH_TRIES_MAX; tries++) {
        const path = `/rooms/${encodeURIComponent(id)}`
        const { room } = await this.session.rest.call<{ room: Room }>('GET', path)
        if (this.takeRoom(room)) return
      }
    } catch (error) {
      if (error instanceof ParleyError && error.code === 'not_found') this.rooms.remove(id)
    } finally {
      this.#fetching.delete(id)
    }
  }

  /** Facts of a room from an answer. False: they are older than what is known here. */
  takeRoom(room: Room): boolean {
    if (room.peer !== undefined) this.users.take(room.peer)
    return this.rooms.take(room)
  }

  takeMembers(room: string, members: readonly Member[]): void {
    for (const { user } of members) this.users.take(user)
    this.rooms.takeMembers(room, members)
  }

  #enter(user: User): void {
    this.users.take(user)
    this.users.open()
    this.#listenForWake()
    void this.outbox.open(user.id)
    this.connector.start()
  }

  #listenForWake(): void {
    this.#endWake ??= this.#environment.onWake(() => {
      this.session.wake()
      this.connector.wake()
      this.calls.wake()
    })
  }

  async #leave(user: User | null, forget: boolean): Promise<void> {
    this.connector.stop(true)
    this.connection.set(this.connector.state.get())
    this.outbox.close()
    this.users.close()
    this.timelines.clear()
    this.rooms.clear()
    this.marks.clear()
    this.presences.clear()
    this.inbox.clear()
    this.calls.clear()
    void this.push.leave(user?.id ?? null, forget)
    this.#typedAt.clear()
    if (forget && user !== null) await this.outbox.forget(user.id)
  }

  #ready(frame: ReadyFrame): void {
    if (!this.session.confirm(frame.user)) return
    this.users.take(frame.user)
    for (const room of frame.rooms) if (room.peer !== undefined) this.users.take(room.peer)
    this.rooms.takeReady(frame)
    if (frame.next !== undefined) void this.#restOfRooms(frame.next)
    for (const [room, timeline] of this.timelines.all()) {
      const record = this.rooms.get(room)
      if (record !== undefined) timeline.expect(record.log.position)
      else timeline.proceed()
    }
    for (const [room, record] of this.rooms.all()) {
      this.outbox.settle(room)
      if (record.log.behind) this.#gaps.want(room)
    }
    this.marks.online(frame.mode === 'delta' ? new Set(frame.rooms.map((room) => room.id)) : null)
    this.presences.online()
    this.inbox.online()
    this.calls.online()
    void this.push.online(frame.user.id)
    this.outbox.flush()
  }

  async #restOfRooms(first: string): Promise<void> {
    for (let next: string | undefined = first; next !== undefined; ) {
      try {
        const page: { rooms: Room[]; next?: string } = await this.connector.requestOnce<'rooms'>({
          t: 'rooms',
          next,
        })
        for (const room of page.rooms) if (room.peer !== undefined) this.users.take(room.peer)
        next = page.next
        this.rooms.takePage(page.rooms, next === undefined)
      } catch {
        // The next `ready` begins anew; only a living connection that refuses is worth waiting for.
        if (!this.connector.online) return
        await new Promise<void>((resolve) => this.#environment.clock.after(1_000, resolve))
      }
    }
    for (const [, timeline] of this.timelines.all()) timeline.proceed()
  }

  #push(frame: PushFrame): void {
    switch (frame.t) {
      case 'entry':
        this.rooms.offer(frame)
        this.timelines.offer(frame)
        return
      case 'room':
        if (frame.room.peer !== undefined) this.users.take(frame.room.peer)
        this.rooms.push(frame)
        return
      case 'marks':
        this.rooms.mark(frame, frame.user)
        return
      case 'typing':
        this.rooms.typing(frame.room, frame.user, frame.expires_ms)
        return
      case 'presence':
        this.presences.take(frame)
        return
      case 'notification':
        this.inbox.take(frame)
        return
      case 'inbox':
        this.inbox.takeRead(frame)
        void this.push.takeRead(frame.read)
        return
      case 'call':
        this.calls.take(frame)
        return
      default:
      // A newer server may say more than this SDK knows.
    }
  }

  #lost(): void {
    this.#gaps.reset()
    this.marks.offline()
    this.presences.offline()
    this.inbox.offline()
    this.calls.offline()
  }

  #createRooms(): Rooms {
    return new Rooms(this.#environment.clock, {
      applied: (entry) => {
        if (entry.kind === 'message' && entry.from === this.me) this.outbox.confirm(entry)
        this.marks.received(entry)
      },
      behind: (room) => this.#gaps.want(room),
      stale: (room) => void this.refetch(room),
      doubtful: (room) => this.marks.ask(room),
      changed: (room) => this.timelines.get(room)?.touch(),
      added: (room) => this.timelines.get(room)?.proceed(),
      cut: (room, position) => {
        this.timelines.get(room)?.cut(position)
        this.inbox.cut(room, position)
      },
      restarted: (room) => this.timelines.get(room)?.reload(),
      removed: (room) => {
        this.timelines.get(room)?.lose()
        this.calls.forget(room)
      },
    })
  }

  #createGaps(): Gaps {
    return new Gaps({
      clock: this.#environment.clock,
      request: (request) => this.connector.requestOnce<'log'>(request),
      missing: (room) => {
        const log = this.rooms.get(room)?.log
        const positions = [log?.behind ? log.position : null, this.timelines.get(room)?.missing ?? null]
        return positions.reduce((a, b) => (a === null ? b : b === null ? a : Math.min(a, b)), null)
      },
      offer: (entry) => {
        this.rooms.offer(entry)
        this.timelines.offer(entry)
      },
      cut: (room, position) => {
        this.rooms.get(room)?.cut(position + 1)
        this.rooms.get(room)?.log.jump(position)
        this.timelines.get(room)?.cut(position)
      },
      lost: (room) => {
        this.rooms.get(room)?.log.giveUp()
        this.timelines.get(room)?.giveUp()
      },
    })
  }

  #timelineContext(room: string): TimelineContext {
    const { clock, random } = this.#environment
    return {
      clock,
      random,
      source: createPageSource(room, this.session.rest, this.connector),
      me: () => this.me,
      record: () => this.rooms.get(room),
      settled: () => this.connector.online && (this.rooms.complete || this.rooms.get(room) !== undefined),
      outbox: () => this.outbox.items(room),
      behind: () => this.#gaps.want(room),
      opened: () => void this.#fetchReceipts(room),
    }
  }

  /** How far the others have come, for the ticks beside one's own messages. */
  async #fetchReceipts(room: string): Promise<void> {
    const facts = this.rooms.get(room)?.facts
    if (facts === undefined || facts.kind === 'public' || facts.member_count > SMALL_ROOM_MAX_MEMBERS) return
    const path = `/rooms/${encodeURIComponent(room)}/members`
    const query = { limit: LIST_MAX_ITEMS }
    const answer = await this.session.rest
      .call<{ members: Member[] }>('GET', path, { query })
      .catch(() => null)
    if (answer !== null) this.takeMembers(room, answer.members)
  }

  async #fetchUsers(ids: readonly string[]): Promise<readonly User[]> {
    const query = { ids: ids.join(), limit: ids.length }
    return (await this.session.rest.call<{ users: User[] }>('GET', '/users', { query })).users
  }
}
