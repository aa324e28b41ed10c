/** The ws role: sockets and the stand-by link in, entries out. It holds connections and nothing else. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type {
  AuthService,
  Bus,
  Clock,
  Log,
  NewId,
  RateLimiter,
  RoomsService,
  SessionsService,
} from '@parley/contracts'
import { FRAME_MAX_BYTES, ParleyError } from '@parley/protocol'
import { Gauge, type Registry } from 'prom-client'
import { WebSocketServer } from 'ws'
import { isAllowedOrigin, readCredentials } from '../shared/credentials.ts'
import type { StreamDoor } from '../shared/stream-door.ts'
import type { TokenVerifier } from '../shared/token-verifier.ts'
import { Connection } from './connection.ts'
import { createFlusher } from './flusher.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { createHeartbeat } from './heartbeat.ts'
import { Hub } from './hub.ts'
import { closeReasonOf, closeSession, identify, openConnection, sayHello } from './open-connection.ts'
import { openSeedDoor, type SeedDoor, seedDoorOf } from './seed-doors.ts'
import { ClientSocket, serveSocket } from './serve-socket.ts'
import { SocketLink } from './socket-link.ts'
import { createStreamDoor } from './stream.ts'

export interface WsGatewayDependencies {
  readonly auth: AuthService
  readonly rooms: RoomsService
  readonly sessions: SessionsService
  readonly bus: Bus
  readonly verifier: TokenVerifier
  readonly rates: RateLimiter
  readonly rateLimits: boolean
  readonly origins: ReadonlySet<string>
  readonly clock: Clock
  readonly log: Log
  readonly newId: NewId
  readonly metrics: Registry
}

export interface WsGateway {
  /** For the HTTP server's `upgrade` event. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  readonly stream: StreamDoor
  readonly connectionCount: number
  /** Says `goodbye`, gives clients `withinMs` to connect elsewhere, then closes what is left. */
  drain(withinMs: number): Promise<void>
  close(): Promise<void>
}

/** A dead gateway's connections vanish after the lease; a living one says so well before. */
const LEASE_RENEWAL_MS = 1_500

export function createWsGateway(dependencies: WsGatewayDependencies): WsGateway {
  const { clock, log, newId, sessions, verifier, bus, rooms } = dependencies
  const flusher = createFlusher()
  const hub = new Hub({ bus, rooms, flusher, clock, log })
  const parts: GatewayParts = { ...dependencies, hub, flusher, gateway: newId() }
  const heartbeat = createHeartbeat(clock)
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_MAX_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    WebSocket: ClientSocket,
    handleProtocols: (protocols) => (protocols.has('parley.v1') ? 'parley.v1' : false),
  })
  const open = new Set<Connection>()
  let draining = false
  countConnections(dependencies.metrics, open, hub)

  function createConnection(link: Connection['link']): Connection {
    const connection = new Connection({
      id: newId(),
      link,
      flusher,
      now: clock.now(),
      onClosed(ended) {
        open.delete(ended)
        heartbeat.remove(ended)
        hub.detach(ended)
        void closeSession(sessions, ended)
      },
    })
    open.add(connection)
    heartbeat.add(connection)
    return connection
  }

  const endRevoked = verifier.onRevoked(({ kind, subject }) => {
    for (const connection of [...open]) {
      if (connection.principal?.[kind] === subject) connection.close('session_revoked')
    }
  })
  let cancelLease = clock.after(0, renewLease)
  function renewLease(): void {
    sessions
      .renewGateway({ gateway: parts.gateway })
      .then(({ known }) => (known ? undefined : registerAgain(parts, open)))
      .catch((error: unknown) => log.warn({ error: String(error) }, 'lease not renewed'))
    cancelLease = clock.after(LEASE_RENEWAL_MS, renewLease)
  }

  async function welcome(
    socket: ClientSocket,
    raw: Socket,
    request: IncomingMessage,
    door: SeedDoor | null,
  ): Promise<void> {
    if (door !== null) return openSeedDoor(parts, createConnection, socket, request, door)
    const connection = createConnection(new SocketLink(socket, raw))
    socket.connection = connection
    socket.parts = parts
    serveSocket(socket)
    const credentials = readCredentials(request.headers)
    sayHello(connection, credentials === undefined)
    if (credentials === undefined) return
    const { resume } = queryOf(request)
    socket.opening = identify(verifier, credentials.token)
      .then(
        (principal) => openConnection(parts, connection, principal, resume),
        (error: unknown) => connection.close(closeReasonOf(error)),
      )
      .finally(() => {
        socket.opening = undefined
      })
  }

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
      server.handleUpgrade(request, socket, head, (client) => void welcome(client, raw, request, door))
    },
    stream: createStreamDoor(parts, createConnection, () => draining),
    get connectionCount() {
      return open.size
    },
    async drain(withinMs) {
      draining = true
      for (const connection of open) connection.send({ t: 'goodbye', within_ms: withinMs })
      flusher.flushNow()
      if (open.size > 0) await new Promise<void>((resolve) => setTimeout(resolve, withinMs))
      for (const connection of [...open]) connection.close('draining')
    },
    async close() {
      endRevoked()
      cancelLease()
      heartbeat.close()
      for (const connection of [...open]) connection.close('draining')
      hub.close()
      server.close()
    },
  }
}

/** The sessions service has forgotten this gateway (its store was emptied): tell it again who is here. */
async function registerAgain(
  { sessions, gateway }: GatewayParts,
  open: ReadonlySet<Connection>,
): Promise<void> {
  for (const { id, principal, ready } of open) {
    if (principal !== null && ready)
      await sessions.openConnection({ id, user: principal.user, device: principal.device, gateway })
  }
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
  const body = JSON.stringify({ error: { code: error.code, message: error.message, request_id: id } })
  socket.end(
    `HTTP/1.1 ${error.status} ${error.code}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${id}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function countConnections(registry: Registry, open: ReadonlySet<Connection>, hub: Hub): void {
  new Gauge({
    name: 'parley_connections',
    help: 'Live connections on this gateway',
    registers: [registry],
    collect() {
      this.set(open.size)
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
