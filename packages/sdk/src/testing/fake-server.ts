/**
 * A server in the same process that speaks the protocol over real sockets, keeps everything in memory, and can be told
 * to misbehave. It knows the contract only; where it is simpler than the real one, it is simpler in what it offers.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import {
  type ClientFrame,
  type Entry,
  type ErrorCode,
  errorCatalogue,
  publishedLimits,
  type ReadyFrame,
  type Room,
  type RoomKind,
  type ServerFrame,
  type User,
} from '@parley/protocol'
import { WebSocketServer } from 'ws'
import { FakeConnection, type FakeLine, SocketLine, StreamLine } from './fake-connection.ts'
import { FakeFiles } from './fake-files.ts'
import { answerFrame } from './fake-requests.ts'
import { answerRest } from './fake-rest.ts'
import { FakeRoom, type NewEntry } from './fake-room.ts'

export interface FakeServerOptions {
  /** Rooms in one `ready`. */
  pageRooms?: number
  port?: number
}

export class FakeServer {
  readonly users = new Map<string, User>()
  readonly rooms = new Map<string, FakeRoom>()
  readonly connections = new Set<FakeConnection>()
  /** Every request frame that arrived, in order. */
  readonly frames: { user: string; frame: ClientFrame }[] = []
  readonly restCalls: string[] = []
  readonly files = new FakeFiles()
  /** Sessions of the polling link. */
  readonly polls = new Map<string, string>()
  /** Polls that wait for news. */
  waitingPolls = 0
  /** Access tokens and whose they are; an expired one stays known. */
  readonly tokens = new Map<string, { user: string; expired: boolean }>()
  readonly refreshTokens = new Map<string, string>()
  /** How WebSocket is treated: as usual, refused at the handshake, or accepted and then silent. */
  sockets: 'open' | 'refused' | 'silent' = 'open'
  /** The same for server-sent events; `silent` is a buffering proxy. */
  streams: 'open' | 'refused' | 'silent' = 'open'
  /** While set, nothing is sent to anybody (the line is there but dead). */
  frozen = false
  /** Entries are stored but not announced: what a crash between commit and announcement does. */
  announce = true
  /** Run before every request frame is answered. */
  onFrame: ((frame: ClientFrame) => void) | null = null
  /** Run once, just before and just after the next page of messages is read. */
  beforeAnswer: (() => void) | null = null
  afterAnswer: (() => void) | null = null
  /** Run once, after the facts of a room were read and before they are answered. */
  afterRoom: (() => Promise<unknown>) | null = null
  /** Answers to these requests are held back until `release`. */
  holdAnswersTo: ClientFrame['t'] | null = null
  tokenLifeS = 900
  heartbeatMs = 25_000
  /** Handshakes that were refused. */
  refused = 0
  accepted = 0
  epoch = 'e1'
  readonly #options: FakeServerOptions
  readonly #failures: { t: string; code: ErrorCode; extra: object }[] = []
  readonly #held: (() => void)[] = []
  readonly #sockets = new Set<Socket>()
  readonly #http: Server
  readonly #websockets = new WebSocketServer({ noServer: true })
  readonly #waiters = new Set<() => void>()
  #counter = 1
  #time = 1_700_000_000_000
  url = ''

  private constructor(options: FakeServerOptions) {
    this.#options = options
    this.#http = createServer((request, response) => void this.#rest(request, response))
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head))
  }

  static async start(options: FakeServerOptions = {}): Promise<FakeServer> {
    const server = new FakeServer(options)
    await server.listen(options.port ?? 0)
    return server
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(port, '127.0.0.1', () => {
        this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
        resolve()
      })
    })
  }

  /** Ends every connection without a word and stops listening. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve))
    for (const connection of this.connections) connection.cut()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  get cursor(): string {
    return `${this.epoch}.${this.#counter}`
  }

  addUser(username: string): User {
    const user = { id: `u_${username}`, username, display_name: username.toUpperCase() }
    this.users.set(user.id, user)
    return user
  }

  signIn(user: string): { user: User; access_token: string; expires_in: number; refresh_token: string } {
    const access = `access-${user}-${++this.#counter}`
    const refresh = `refresh-${user}-${this.#counter}`
    this.tokens.set(access, { user, expired: false })
    this.refreshTokens.set(refresh, user)
    const known = this.users.get(user) as User
    return { user: known, access_token: access, expires_in: this.tokenLifeS, refresh_token: refresh }
  }

  expireTokens(): void {
    for (const token of this.tokens.values()) token.expired = true
  }

  addRoom(id: string, kind: RoomKind, members: readonly string[], name = id): FakeRoom {
    const room = new FakeRoom(id, kind, name, this.#time)
    this.rooms.set(id, room)
    members.forEach((user, index) => {
      room.append({ kind: 'join', from: user, user, role: index === 0 ? 'owner' : 'member' }, ++this.#time)
    })
    room.changed = ++this.#counter
    for (const user of members)
      this.push(user, { t: 'room', room: room.facts(user, this.users), change: 'added' })
    return room
  }

  room(id: string): FakeRoom {
    const room = this.rooms.get(id)
    if (room === undefined) throw new Error(`no room ${id}`)
    return room
  }

  append(room: FakeRoom, entry: NewEntry): Entry {
    const before = [...room.members.keys()]
    const stored = room.append(entry, ++this.#time)
    room.changed = ++this.#counter
    if (this.announce)
      for (const user of new Set([...before, ...room.members.keys()]))
        this.push(user, { t: 'entry', ...stored })
    this.#changed()
    return stored
  }

  say(room: FakeRoom, from: string, body: string): Entry {
    return this.append(room, { kind: 'message', from, body, client_id: `other-${++this.#counter}` })
  }

  publish(room: FakeRoom, frame: ServerFrame, except?: string): void {
    for (const user of room.members.keys()) if (user !== except) this.push(user, frame)
  }

  push(user: string, frame: ServerFrame): void {
    for (const connection of this.connections)
      if (connection.user === user && connection.isReady) connection.send(frame)
  }

  /** Frames that reach the client in one turn of its event loop. */
  burst(user: string, frames: readonly string[]): void {
    for (const connection of this.connections) if (connection.user === user) connection.burst(frames)
  }

  /** The next request of this type is refused. */
  refuse(t: ClientFrame['t'], code: ErrorCode, extra: object = {}): void {
    this.#failures.push({ t, code, extra })
  }

  failNext(t: string): { code: ErrorCode; extra: object } | undefined {
    const index = this.#failures.findIndex((failure) => failure.t === t)
    return index < 0 ? undefined : this.#failures.splice(index, 1)[0]
  }

  release(): void {
    this.holdAnswersTo = null
    for (const answer of this.#held.splice(0)) answer()
  }

  /** Resolves when `check` holds; looked at after everything that happens here. */
  until(check: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!check()) return
        this.#waiters.delete(look)
        resolve()
      }
      this.#waiters.add(look)
      look()
    })
  }

  framesOf<T extends ClientFrame['t']>(t: T): ClientFrame<T>[] {
    return this.frames.flatMap(({ frame }) => (frame.t === t ? [frame as ClientFrame<T>] : []))
  }

  #changed(): void {
    for (const look of [...this.#waiters]) look()
  }

  roomPage(user: string, after: string | undefined, since = 0): { rooms: Room[]; next?: string } {
    const size = this.#options.pageRooms ?? 200
    const from = Number(after ?? 0)
    const mine = [...this.rooms.values()].filter((room) => room.members.has(user) && room.changed >= since)
    const rooms = mine.slice(from, from + size).map((room) => room.facts(user, this.users))
    return from + size < mine.length ? { rooms, next: String(from + size) } : { rooms }
  }

  ready(user: string, session: string, resume: string | null): ReadyFrame {
    const [epoch, since] = (resume ?? '').split('.')
    const delta = epoch === this.epoch && since !== undefined
    const gone = delta
      ? [...this.rooms.values()].filter((room) => !room.members.has(user)).map((room) => room.id)
      : []
    const page = this.roomPage(user, undefined, delta ? Number(since) : 0)
    return {
      t: 'ready',
      user: this.users.get(user) as User,
      session,
      cursor: this.cursor,
      mode: delta ? 'delta' : 'snapshot',
      ...page,
      gone,
    }
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.sockets === 'refused') {
      socket.destroy()
      this.refused++
      this.#changed()
      return
    }
    this.#websockets.handleUpgrade(request, socket, head, (websocket) => {
      this.accepted++
      const resume = new URL(request.url ?? '/', 'http://x').searchParams.get('resume')
      const connection = this.#connect(new SocketLine(websocket), this.userOf(request), resume)
      websocket.on(
        'message',
        (data) => void this.receive(connection, JSON.parse(String(data)) as ClientFrame),
      )
      websocket.on('close', () => this.#gone(connection))
      if (this.sockets === 'open') this.#hello(connection, connection.user === null)
      this.#changed()
    })
  }

  openStream(response: ServerResponse, user: string, resume: string | null): void {
    this.accepted++
    const connection = this.#connect(new StreamLine(response), user, resume)
    response.on('close', () => this.#gone(connection))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': here\n\n')
    if (this.streams === 'open') this.#hello(connection, false)
    this.#changed()
  }

  #connect(line: FakeLine, user: string | null, resume: string | null): FakeConnection {
    const connection = new FakeConnection(`s${++this.#counter}`, line, user, resume)
    this.connections.add(connection)
    return connection
  }

  #gone(connection: FakeConnection): void {
    this.connections.delete(connection)
    this.#changed()
  }

  hello(session: string, authRequired: boolean): ServerFrame {
    return {
      t: 'hello',
      v: 1,
      heartbeat_ms: this.heartbeatMs,
      auth_required: authRequired,
      limits: publishedLimits,
      session,
    }
  }

  #hello(connection: FakeConnection, authRequired: boolean): void {
    connection.send(this.hello(connection.id, authRequired))
    if (connection.user !== null)
      connection.ready(this.ready(connection.user, connection.id, connection.resume))
  }

  /** Takes one frame from a socket. */
  receive(connection: FakeConnection, frame: ClientFrame): void {
    if (frame.t === 'auth' && connection.user === null) {
      this.#authenticate(connection, frame.token, frame.resume ?? null)
      return
    }
    const answer = this.answer(connection.user ?? '', frame)
    if (answer === null || this.frozen) return
    if (frame.t === this.holdAnswersTo) this.#held.push(() => connection.send(answer))
    else connection.send(answer)
  }

  answer(user: string, frame: ClientFrame): ServerFrame | null {
    this.frames.push({ user, frame })
    this.onFrame?.(frame)
    const answer = answerFrame(this, user, frame)
    this.#changed()
    return answer
  }

  /** Answers at once with what is news; the next poll waits until something is. */
  poll(response: ServerResponse, user: string, resume: string | null): null {
    const session = `p${this.polls.size + 1}`
    this.polls.set(session, user)
    const news = () => resume !== this.cursor
    this.waitingPolls++
    void this.until(() => news() || response.destroyed).then(() => {
      this.waitingPolls--
      const frames = [this.hello(session, false), this.ready(user, session, resume)]
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ frames, cursor: this.cursor }))
    })
    return null
  }

  #authenticate(connection: FakeConnection, token: string, resume: string | null): void {
    const known = this.tokens.get(token)
    if (known === undefined) {
      connection.close(4001, 'unauthenticated')
      return
    }
    if (known.expired) {
      connection.close(4004, 'token_expired')
      return
    }
    connection.user = known.user
    connection.ready(this.ready(known.user, connection.id, resume))
    this.#changed()
  }

  /** Null without a usable token; a cookie counts like a header. */
  userOf(request: IncomingMessage): string | null {
    const known = this.tokens.get(this.tokenOf(request) ?? '')
    return known === undefined || known.expired ? null : known.user
  }

  tokenOf({ headers }: IncomingMessage): string | undefined {
    return headers.authorization?.replace('Bearer ', '') ?? /access=([^;]+)/.exec(headers.cookie ?? '')?.[1]
  }

  async #rest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const url = new URL(request.url ?? '/', this.url)
    this.restCalls.push(`${request.method} ${url.pathname.replace('/api/v1', '')}${url.search}`)
    const answer = await answerRest(this, request, response, url, bytes)
    this.#changed()
    if (answer === null) return
    const { status, body } = answer
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(body === undefined ? '' : JSON.stringify(body))
  }

  error(code: ErrorCode): { status: number; body: object } {
    const { status, message } = errorCatalogue[code]
    return { status, body: { error: { code, message, request_id: 'r' } } }
  }
}
