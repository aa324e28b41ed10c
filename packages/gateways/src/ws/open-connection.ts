/** A connection's first steps: hello → who is it → its rooms → ready. Topics are subscribed first, then the list is read. */
import { type CloseReason, HEARTBEAT_MS, isErrorCode, ParleyError, publishedLimits } from '@parley/protocol'
import type { Principal, TokenVerifier } from '../shared/token-verifier.ts'
import type { Connection } from './connection.ts'
import type { GatewayParts } from './gateway-parts.ts'

/** Ends of connections that the sessions service has yet to hear of; beyond, its own lease has to do. */
const UNCLOSED_MAX = 100_000

/** `session`: on the stand-by link, where requests go. */
export function sayHello(connection: Connection, authRequired: boolean, session?: string): void {
  connection.send({
    t: 'hello',
    v: 1,
    heartbeat_ms: HEARTBEAT_MS,
    auth_required: authRequired,
    limits: publishedLimits,
    ...(session === undefined ? {} : { session }),
  })
}

/** Which close code tells a client what to do about this error. */
export function closeReasonOf(error: unknown): CloseReason {
  if (!(error instanceof ParleyError)) return 'draining'
  if (error.code === 'token_expired') return 'token_expired'
  if (error.code === 'rate_limited') return 'rate_limited'
  // Not the client's fault: it may come back at once, elsewhere.
  return error.code === 'unavailable' || error.code === 'overloaded' ? 'draining' : 'unauthenticated'
}

/** Throws `unavailable` while revocations cannot be known, otherwise as `TokenVerifier.verify`. */
export async function identify(verifier: TokenVerifier, token: string): Promise<Principal> {
  if (!verifier.fresh) throw new ParleyError('unavailable', { retryAfterMs: 1_000 })
  return verifier.verify(token)
}

/** Registers the connection, attaches it to all its rooms and sends `ready`. On failure the connection is closed with the reason. */
export async function openConnection(
  parts: GatewayParts,
  connection: Connection,
  principal: Principal,
  resume: string | undefined,
): Promise<void> {
  const { hub, rooms, auth } = parts
  connection.principal = principal
  try {
    await registerSession(parts, connection)
    if (connection.closed) return
    await hub.attachUser(connection, principal.user)
    const attached = await rooms.listRoomIds({ user: principal.user })
    connection.hold()
    const channels = await Promise.all(attached.rooms.map((room) => hub.attachRoom(connection, room)))
    const [start, people, still] = await Promise.all([
      rooms.resume({ user: principal.user, ...(resume === undefined ? {} : { cursor: resume }) }),
      auth.getUsers({ ids: [principal.user] }),
      // Who was removed between the first list and the subscription was told by nothing: the room would stay open.
      rooms.listRoomIds({ user: principal.user }),
    ])
    const mine = new Set(still.rooms)
    for (const channel of channels) if (!mine.has(channel.id)) hub.detachRoom(connection, channel)
    const user = people.users[0]
    if (user === undefined) throw new ParleyError('unauthenticated')
    const covered = new Map(start.rooms.map((room) => [room.id, room.head_seq]))
    for (const room of start.rooms) {
      const channel =
        channels.find((candidate) => candidate.id === room.id) ?? (await hub.attachRoom(connection, room.id))
      channel.memberCount = room.member_count
      channel.reach(room.head_seq)
    }
    connection.cursor = start.cursor
    const { next, ...list } = start
    connection.send({
      t: 'ready',
      user,
      session: connection.id,
      ...list,
      ...(next === undefined ? {} : { next }),
    })
    connection.release(covered)
    connection.becomeReady()
  } catch (error) {
    if (!(error instanceof ParleyError) || !isErrorCode(error.code))
      parts.log.error({ connection: connection.id, error: String(error) }, 'connection not opened')
    connection.close(closeReasonOf(error))
  }
}

/** Makes the connection known. Presence is no reason to keep a person out: while its store is away, a later renewal does it. */
export async function registerSession(parts: GatewayParts, connection: Connection): Promise<void> {
  const { sessions, gateway, log } = parts
  const { id, principal, away } = connection
  if (principal === null) return
  const { user, device } = principal
  try {
    await sessions.openConnection({ id, user, device, gateway })
    connection.registered = true
    if (connection.closed) return void closeSession(parts, connection)
    if (away) await sessions.setState({ id, user, state: 'away' })
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== 'unavailable') throw error
    log.debug({ connection: id }, 'connection not registered: the sessions service is away')
  }
}

export async function closeSession(
  { sessions, unclosed }: GatewayParts,
  { id, principal }: Connection,
): Promise<void> {
  if (principal === null) return
  const session = { id, user: principal.user }
  try {
    await sessions.closeConnection(session)
  } catch {
    // The lease would do it only if this gateway ended: said again with a later renewal.
    if (unclosed.size < UNCLOSED_MAX) unclosed.add(session)
  }
}
