/** The ws role: sockets and the stand-by link in, entries out. It holds connections and nothing else. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type AuthService,
  type Bus,
  type CallsService,
  type Clock,
  type GatewayService,
  type Log,
  type NewId,
  type NotificationsService,
  noTracer,
  type RateLimiter,
  type RoomsService,
  type SessionsService,
  type Tracer,
} from '@parley/contracts'
import { FRAME_MAX_BYTES, ParleyError } from '@parley/protocol'
import { Gauge, type Registry } from 'prom-client'
import { type ServerOptions, WebSocketServer } from 'ws'
import { isAllowedOrigin, readCredentials } from '../shared/credentials.ts'
import type { StreamDoor } from '../shared/stream-door.ts'
import type { TokenVerifier } from '../shared/token-verifier.ts'
import type { Connection } from './connection.ts'
import { createFlusher } from './flusher.ts'
import type { Peers } from './forward-frame.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { Hub } from './hub.ts'
import { createLiveConnections, type LiveConnections } from './live-connections.ts'
import { closeReasonOf, identify, openConnection, sayHello } from './open-connection.ts'
import { openSeedDoor, seedDoorOf } from './seed-doors.ts'
import { ClientSocket, serveSocket } from './serve-socket.ts'
import { SocketLink } from './socket-link.ts'
import { createStreamDoor } from './stream.ts'

export interface WsGatewayDependencies {
  readonly auth: AuthService
  readonly rooms: RoomsService
  readonly sessions: SessionsService
  readonly notifications: Pick<NotificationsService, 'followRead' | 'endRing'>
  readonly calls: CallsService
  readonly bus: Bus
  readonly verifier: TokenVerifier
  readonly rates: RateLimiter
  readonly origins: ReadonlySet<string>
  readonly clock: Clock
  readonly log: Log
  readonly newId: NewId
  readonly metrics: Registry
  readonly tracer?: Tracer
  /** Gateways of other processes, where there are any. */
  readonly peers?: Peers
}

export interface WsGateway {
  /** For the HTTP server's `upgrade` event. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  readonly stream: StreamDoor
  /** For the other gateways. */
  readonly peer: GatewayService
  readonly connectionCount: number
  /** Says `goodbye`, gives clients `withinMs` to connect elsewhere, then closes what is left. */
  drain(withinMs: number): Promise<void>
  close(): Promise<void>
}

/** Its random part: connection ids begin with it, and must stay short. */
const GATEWAY_ID_CHARS = 11
/** For the other end to answer a close frame; who does not would hold memory, and the end of the program. */
const CLOSE_TIMEOUT_MS = 5_000

export function createWsGateway(dependencies: WsGatewayDependencies): WsGateway {
  const { clock, log, newId, bus, rooms, metrics, tracer = noTracer } = dependencies
  const flusher = createFlusher()
  const hub = new Hub({ bus, rooms, sessions: dependencies.sessions, flusher, clock, log, tracer })
  const parts: GatewayParts = {
    ...dependencies,
    hub,
    flusher,
    gateway: newId().slice(-GATEWAY_ID_CHARS),
    unclosed: new Set(),
  }
  const live = createLiveConnections(parts)
  // `closeTimeout` is not in the types of ws yet.
  const options: ServerOptions<typeof ClientSocket> & { closeTimeout: number } = {
    noServer: true,
    maxPayload: FRAME_MAX_BYTES,
    perMessageDeflate: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    clientTracking: false,
    WebSocket: ClientSocket,
    handleProtocols: (protocols) => (protocols.has('parley.v1') ? 'parley.v1' : false),
  }
  const server = new WebSocketServer(options)
  let draining = false
  const standBy = createStreamDoor(parts, live.create, () => draining)
  countConnections(metrics, live, hub)

  return {
    handleUpgrade(request, socket, head) {
      const path = pathOf(request)
      const door = seedDoorOf(path, request.url ?? '/')
      const refused = draining
        ? new ParleyError('unavailable')
        : refusal(parts, request, path === '/ws' || door !== null)
      if (refused !== undefined) return refuse(socket, refused, newId())
      const raw = socket as Socket
      raw.setNoDelay(true)
      const accept = (serve: (client: ClientSocket) => void) =>
        server.handleUpgrade(request, socket, head, serve)
      if (door !== null) void openSeedDoor(parts, live.create, raw, request, door, accept)
      else accept((client) => welcome(parts, live.create(new SocketLink(client, raw)), client, request))
    },
    stream: standBy.door,
    peer: standBy.peer,
    get connectionCount() {
      return live.open.size
    },
    async drain(withinMs) {
      draining = true
      for (const connection of live.open) connection.send({ t: 'goodbye', within_ms: withinMs })
      flusher.flushNow()
      await live.emptied(withinMs)
      live.closeAll()
    },
    async close() {
      live.closeAll()
      live.stop()
      hub.close()
      server.close()
    },
  }
}

/** Says hello; who brought a token with the request is let in, all others have until the deadline to send one. */
function welcome(
  parts: GatewayParts,
  connection: Connection,
  socket: ClientSocket,
  request: IncomingMessage,
): void {
  socket.connection = connection
  socket.parts = parts
  serveSocket(socket)
  const credentials = readCredentials(request.headers)
  sayHello(connection, credentials === undefined)
  if (credentials === undefined) return
  const { resume } = queryOf(request)
  socket.opening = identify(parts.verifier, credentials.token)
    .then(
      (principal) => openConnection(parts, connection, principal, resume),
      (error: unknown) => connection.close(closeReasonOf(error)),
    )
    .finally(() => {
      socket.opening = undefined
    })
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/'
}

function queryOf(request: IncomingMessage): { resume: string | undefined } {
  const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '')
  return { resume: query.get('resume') ?? undefined }
}

/** Why this upgrade may not happen; undefined when it may. */
function refusal(parts: GatewayParts, request: IncomingMessage, known: boolean): ParleyError | undefined {
  if (!known) return new ParleyError('not_found')
  const credentials = readCredentials(request.headers)
  // A cookie is sent by the browser on behalf of any page: only pages of ours may use it.
  if (credentials?.via === 'cookie' && !isAllowedOrigin(request.headers.origin, parts.origins))
    return new ParleyError('bad_origin')
  return undefined
}

function refuse(socket: Duplex, error: ParleyError, id: string): void {
  // Node took its listener away with the upgrade: without one a reset from the other end would end the process.
  socket.on('error', () => socket.destroy())
  // Not half closed until they hang up, which they may never do.
  socket.once('finish', () => socket.destroy())
  const body = JSON.stringify({ error: { code: error.code, message: error.message, request_id: id } })
  socket.end(
    `HTTP/1.1 ${error.status} ${error.code}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${id}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function countConnections(registry: Registry, live: LiveConnections, hub: Hub): void {
  new Gauge({
    name: 'parley_connections',
    help: 'Live connections on this gateway',
    registers: [registry],
    collect() {
      this.set(live.open.size)
    },
  })
  new Gauge({
    name: 'parley_gateway_rooms',
    help: 'Rooms this gateway receives',
    registers: [registry],
    collect() {
      this.set(hub.roomCount)
    },
  })
}
