/**
 * The sockets of the seeds: thin translations onto the same connection. `/ws/join/?name=ROOM` and `/ws/ROOM` speak of
 * one room, `/ws/join-notification/` of all of mine.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import {
  type CloseReason,
  closeCodes,
  type EntryFrame,
  ParleyError,
  type RoomFrame,
  type ServerFrame,
} from '@parley/protocol'
import { messageBody, roomName } from '@parley/protocol/shapes'
import { z } from 'zod'
import { readCredentials } from '../shared/credentials.ts'
import type { Burst } from './burst.ts'
import type { Connection } from './connection.ts'
import type { GatewayParts } from './gateway-parts.ts'
import type { Link } from './link.ts'
import { identify, openConnection } from './open-connection.ts'
import { type ClientSocket, countRefusal, takeFrame } from './serve-socket.ts'

export type SeedDoor = { readonly kind: 'room'; readonly name: string } | { readonly kind: 'notifications' }

/** The seeds know no codes of their own: what is refused is a policy violation (RFC 6455, 7.4.1). */
const REFUSED = 1008
const NAMES_MAX_CACHED = 5_000

/** Which door this path is, if any. */
export function seedDoorOf(path: string, url: string): SeedDoor | null {
  if (path === '/ws/join-notification/' || path === '/ws/join-notification') return { kind: 'notifications' }
  if (path === '/ws/join/' || path === '/ws/join')
    return { kind: 'room', name: new URLSearchParams(url.split('?')[1] ?? '').get('name') ?? '' }
  const match = /^\/ws\/([^/]+)\/?$/.exec(path)
  if (match?.[1] === undefined) return null
  try {
    return { kind: 'room', name: decodeURIComponent(match[1]) }
  } catch {
    return { kind: 'room', name: '' }
  }
}

type CreateConnection = (link: Link) => Connection

/** Completes the upgrade: the client's socket is open from then on. */
type Accept = (serve: (socket: ClientSocket) => void) => void

/**
 * Opens the door before the socket: when a client's `open` fires, it already receives what is said. What is refused is
 * said on the socket too, because the clients of the seeds know nothing else.
 */
export async function openSeedDoor(
  parts: GatewayParts,
  createConnection: CreateConnection,
  raw: Socket,
  request: IncomingMessage,
  door: SeedDoor,
  accept: Accept,
): Promise<void> {
  // Node took its listener away with the upgrade.
  raw.on('error', () => raw.destroy())
  try {
    const credentials = readCredentials(request.headers)
    if (credentials === undefined) throw new ParleyError('unauthenticated')
    const principal = await identify(parts.verifier, credentials.token)
    const room = door.kind === 'room' ? await joinByName(parts, principal.user, door.name) : null
    // Joining took a while: who was signed out meanwhile is not closed by that, having no connection yet.
    await identify(parts.verifier, credentials.token)
    const link = new SeedLink(parts, principal.user, room)
    const connection = createConnection(link)
    raw.on('close', () => connection.ended())
    await openConnection(parts, connection, principal, undefined)
    accept((socket) => serveSeed(parts, socket, link, connection, room?.id))
  } catch (error) {
    accept((socket) => {
      socket.on('error', () => socket.terminate())
      sayError(socket, error)
      socket.close(REFUSED, error instanceof ParleyError ? error.code : 'unavailable')
    })
  }
}

function serveSeed(
  parts: GatewayParts,
  socket: ClientSocket,
  link: SeedLink,
  connection: Connection,
  room: string | undefined,
): void {
  socket.on('error', () => socket.terminate())
  socket.on('close', () => connection.ended())
  socket.on('pong', () => {
    connection.silentBeats = 0
  })
  socket.on('message', (data, isBinary) => {
    void receiveMessage(parts, connection, socket, room, isBinary ? '' : data.toString())
  })
  link.attach(socket)
}

async function joinByName(
  parts: GatewayParts,
  user: string,
  name: string,
): Promise<{ id: string; name: string }> {
  const parsed = roomName.safeParse(name)
  if (!parsed.success) throw new ParleyError('not_found')
  const { room } = await parts.rooms.findRoom({ user, name: parsed.data })
  if (room.me === undefined) await parts.rooms.joinRoom({ user, room: room.id })
  return { id: room.id, name: room.name }
}

function sayError(socket: ClientSocket, error: unknown): void {
  const known = error instanceof ParleyError ? error : new ParleyError('unavailable')
  socket.send(JSON.stringify({ type: 'error', code: known.code, message: known.message }))
}

const seedMessage = z.object({ type: z.literal('message'), content: messageBody })

async function receiveMessage(
  parts: GatewayParts,
  connection: Connection,
  socket: ClientSocket,
  room: string | undefined,
  text: string,
): Promise<void> {
  connection.silentBeats = 0
  if (connection.closed) return
  try {
    const waitMs = await takeFrame(parts, connection)
    if (waitMs > 0) {
      sayError(socket, new ParleyError('rate_limited'))
      return countRefusal(socket, connection)
    }
    if (connection.principal === null || connection.principal.expiresAtMs <= parts.clock.now())
      return connection.close('token_expired')
    if (room === undefined) throw new ParleyError('invalid_request', { message: 'This socket only listens.' })
    const parsed = seedMessage.safeParse(parseJson(text))
    if (!parsed.success)
      throw new ParleyError('invalid_request', { message: 'Send {"type":"message","content":"…"}.' })
    await parts.rooms.sendMessage({
      user: connection.principal.user,
      room,
      client_id: parts.newId(),
      body: parsed.data.content,
    })
  } catch (error) {
    sayError(socket, error)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ParleyError('invalid_json')
  }
}

/** Translates frames into what the seeds expect. Names are looked up, so frames go out one after the other. */
class SeedLink implements Link {
  readonly answersPing = true
  readonly #parts: GatewayParts
  readonly #user: string
  readonly #room: { id: string; name: string } | null
  readonly #usernames = new Map<string, string>()
  readonly #roomNames = new Map<string, string>()
  #socket: ClientSocket | undefined
  /** Why it is to be closed, when that was decided before the socket was there. */
  #ending: CloseReason | undefined
  #attached = () => {}
  #last = new Promise<void>((resolve) => {
    this.#attached = resolve
  })

  constructor(parts: GatewayParts, user: string, room: { id: string; name: string } | null) {
    this.#parts = parts
    this.#user = user
    this.#room = room
  }

  /** What was written before goes out now. */
  attach(socket: ClientSocket): void {
    this.#socket = socket
    if (this.#ending !== undefined) this.close(this.#ending)
    this.#attached()
  }

  get waitingBytes(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  write(bursts: readonly Burst[]): void {
    for (const text of bursts.flatMap((burst) => burst.frames)) {
      this.#last = this.#last
        .then(() => this.#translate(JSON.parse(text) as ServerFrame))
        .catch((error: unknown) => {
          if (this.#socket !== undefined) sayError(this.#socket, error)
        })
    }
  }

  async #translate(frame: ServerFrame): Promise<void> {
    if (frame.t === 'ready') for (const room of frame.rooms) this.#roomNames.set(room.id, room.name)
    else if (frame.t === 'room') this.#onRoom(frame)
    else if (frame.t === 'entry' && frame.kind === 'message') await this.#onMessage(frame)
  }

  #onRoom({ room, change }: RoomFrame): void {
    if (change === 'added' || change === 'updated') this.#roomNames.set(room.id, room.name)
    else if (room.id === this.#room?.id) this.#socket?.close(1000, change)
  }

  async #onMessage(entry: EntryFrame): Promise<void> {
    if (this.#room === null ? entry.from === this.#user : entry.room !== this.#room.id) return
    const message = {
      type: this.#room === null ? 'notification' : 'message',
      ...(this.#room === null ? {} : { id: `${entry.room}-${entry.seq}` }),
      room: this.#room?.name ?? (await this.#roomName(entry.room)),
      username: await this.#username(entry.from),
      content: entry.body ?? '',
      timestamp: new Date(entry.at).toISOString(),
    }
    this.#socket?.send(JSON.stringify(message))
  }

  async #username(id: string): Promise<string> {
    const known = this.#usernames.get(id)
    if (known !== undefined) return known
    const { users } = await this.#parts.auth.getUsers({ ids: [id] })
    const name = users[0]?.username ?? id
    if (this.#usernames.size < NAMES_MAX_CACHED) this.#usernames.set(id, name)
    return name
  }

  /** A direct conversation has no name: it is called like the other one. */
  async #roomName(id: string): Promise<string> {
    const known = this.#roomNames.get(id)
    if (known !== undefined && known !== '') return known
    const { room } = await this.#parts.rooms.getRoom({ user: this.#user, room: id })
    const name = room.peer?.username ?? room.name
    if (this.#roomNames.size < NAMES_MAX_CACHED) this.#roomNames.set(id, name)
    return name
  }

  close(reason: CloseReason): void {
    if (this.#socket === undefined) this.#ending = reason
    else this.#socket.close(closeCodes[reason].code, reason)
  }

  terminate(): void {
    this.#socket?.terminate()
  }

  ping(): void {
    this.#socket?.ping()
  }
}
