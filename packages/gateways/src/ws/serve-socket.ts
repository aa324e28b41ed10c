/** A client's socket from its first frame to its last. Handlers are shared by all sockets; what differs is on the socket. */
import { BAD_FRAMES_MAX, BAD_FRAMES_WINDOW_MS, type ClientFrame, ParleyError } from '@parley/protocol'
import { type RawData, WebSocket } from 'ws'
import type { Connection } from './connection.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { closeReasonOf, identify, openConnection } from './open-connection.ts'
import { answerRequest, FrameError, type ParsedFrame, parseFrame, toErrorFrame } from './requests.ts'

/** What one person may ask on all sockets: enough for clients that catch up, too little for a flood. */
const FRAMES_RULE = { name: 'frames', burst: 400, perSecond: 100 }
/** A client that goes on after this many refusals is closed. */
const REFUSALS_MAX = 500

/** A socket that knows its connection, so that one function serves all sockets. */
export class ClientSocket extends WebSocket {
  connection: Connection | undefined
  parts: GatewayParts | undefined
  /** A token is being verified or the connection is opened: frames wait for it, in order. */
  opening: Promise<void> | undefined
  refusals = 0
}

export function serveSocket(socket: ClientSocket): void {
  socket.on('message', onMessage)
  socket.on('pong', onPong)
  socket.on('close', onClose)
  socket.on('error', onError)
}

function onPong(this: WebSocket): void {
  const { connection } = this as ClientSocket
  if (connection !== undefined) connection.silentBeats = 0
}

function onClose(this: WebSocket): void {
  ;(this as ClientSocket).connection?.ended()
}

/** `ws` answers broken frames itself (1009 for too large, 1002, 1007) and closes; there is nothing to add. */
function onError(this: WebSocket): void {
  ;(this as ClientSocket).connection?.ended()
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const socket = this as ClientSocket
  const { connection, parts } = socket
  if (connection === undefined || parts === undefined || connection.closed) return
  connection.silentBeats = 0
  let parsed: ParsedFrame
  try {
    if (isBinary) throw new FrameError('invalid_request', undefined, { frame: 'must be text' })
    parsed = parseFrame(data.toString())
  } catch (error) {
    connection.send(toErrorFrame(error, error instanceof FrameError ? error.requestId : undefined))
    countBadFrame(connection, parts.clock.now())
    return
  }
  if (parsed.type === 'auth') {
    socket.opening = (socket.opening ?? Promise.resolve()).then(() =>
      authenticate(socket, parts, connection, parsed),
    )
  } else if (socket.opening !== undefined) {
    void socket.opening.then(() => serve(socket, parts, connection, parsed))
  } else void serve(socket, parts, connection, parsed)
}

function countBadFrame(connection: Connection, now: number): void {
  const recent = (connection.badFrames ?? []).filter((at) => now - at < BAD_FRAMES_WINDOW_MS)
  recent.push(now)
  connection.badFrames = recent
  if (recent.length >= BAD_FRAMES_MAX) connection.close('protocol_error')
}

async function authenticate(
  socket: ClientSocket,
  parts: GatewayParts,
  connection: Connection,
  { id, frame }: ParsedFrame,
): Promise<void> {
  const { token, resume } = frame as ClientFrame<'auth'>
  try {
    const waitMs = connection.closed ? 0 : await takeFrame(parts, connection)
    if (connection.closed) return
    if (waitMs > 0) {
      connection.send(toErrorFrame(new ParleyError('rate_limited', { retryAfterMs: waitMs }), id))
      return countRefusal(socket, connection)
    }
    const principal = await identify(parts.verifier, token)
    if (connection.closed) return
    if (connection.principal === null) await openConnection(parts, connection, principal, resume)
    else if (connection.principal.user === principal.user) {
      connection.principal = principal
      if (id !== undefined) connection.send({ t: 'ok', id })
    } else throw new ParleyError('forbidden', { message: 'A socket belongs to one person.' })
  } catch (error) {
    connection.send(toErrorFrame(error, id))
    // A living socket keeps the token it has; a new one has nothing to go on.
    if (connection.principal === null) connection.close(closeReasonOf(error))
  } finally {
    socket.opening = undefined
  }
}

async function serve(
  socket: ClientSocket,
  parts: GatewayParts,
  connection: Connection,
  parsed: ParsedFrame,
): Promise<void> {
  if (connection.closed) return
  const waitMs = await takeFrame(parts, connection)
  if (waitMs > 0) {
    connection.send(toErrorFrame(new ParleyError('rate_limited', { retryAfterMs: waitMs }), parsed.id))
    return countRefusal(socket, connection)
  }
  const { principal } = connection
  if (principal === null) return connection.send(toErrorFrame(new ParleyError('unauthenticated'), parsed.id))
  if (principal.expiresAtMs <= parts.clock.now()) return connection.close('token_expired')
  const answer = await answerRequest(parts, { user: principal.user, connection }, parsed)
  if (answer !== null) connection.send(answer)
}

/** Milliseconds until another frame may come, 0 for this one. */
export function takeFrame({ rates }: GatewayParts, connection: Connection): Promise<number> {
  // By person, or fifty sockets would be fifty times the limit; a socket that nobody has signed in on is its own.
  // A limiter that is away must not take the service with it.
  return rates.take(FRAMES_RULE, connection.principal?.user ?? connection.id).catch(() => 0)
}

/** After the refusal was said. */
export function countRefusal(socket: ClientSocket, connection: Connection): void {
  if (++socket.refusals > REFUSALS_MAX) connection.close('rate_limited')
}
