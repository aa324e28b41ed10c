/** Who receives what on this gateway: rooms, users and presence, each subscribed on the bus only while somebody here needs it. */
import {
  type Bus,
  type Clock,
  type EntryEvent,
  LOSSES_TOPIC,
  type Log,
  type LossesEvent,
  type RoomEvent,
  type RoomsService,
  roomTopic,
  type SessionsService,
  type Tracer,
  type UserEvent,
  userTopic,
} from '@parley/contracts'
import {
  type CloseReason,
  ParleyError,
  type PushFrame,
  type Room,
  SMALL_ROOM_MAX_MEMBERS,
  TYPING_EXPIRES_MS,
  TYPING_INTERVAL_MS,
} from '@parley/protocol'
import { createBurst } from './burst.ts'
import { toCallFrame } from './call-requests.ts'
import type { Connection } from './connection.ts'
import type { Flusher } from './flusher.ts'
import { PresenceWatch } from './presence-watch.ts'
import { createMembershipRepair, type MembershipRepair } from './repair-memberships.ts'
import { RoomChannel } from './room-channel.ts'
import { Subjects } from './subjects.ts'

/** A room nobody here receives any more keeps its subscription this long: reloads come right back. */
const LINGER_MS = 5_000
/** A third of what clients are told to wait, so that no honest one is ever too early. */
const TYPING_REPEAT_MS = TYPING_INTERVAL_MS / 3
/** While the bus is away, heads are asked for this often (the stand-by link between chat and main server). */
const HEADS_INTERVAL_MS = 1_000
const HEADS_MAX_ROOMS = 1_000
/** The place from which memberships are compared is at least this old. */
const PLACE_KEPT_MS = 9_000

export interface HubParts {
  readonly bus: Bus
  readonly rooms: RoomsService
  readonly sessions: Pick<SessionsService, 'getPresence'>
  readonly flusher: Flusher
  readonly clock: Clock
  readonly log: Log
  readonly tracer?: Tracer
}

export class Hub {
  readonly connections = new Set<Connection>()
  readonly #parts: HubParts
  readonly #rooms = new Map<string, RoomChannel>()
  readonly #users: Subjects
  readonly #presence: PresenceWatch
  readonly #ends: (() => void)[] = []
  readonly #memberships: MembershipRepair
  #closed = false

  constructor(parts: HubParts) {
    this.#parts = parts
    this.#users = new Subjects(parts.bus, userTopic, (user, message) =>
      this.#onUserEvent(user, JSON.parse(message) as UserEvent),
    )
    this.#presence = new PresenceWatch(parts)
    this.#memberships = createMembershipRepair({
      rooms: parts.rooms,
      log: parts.log,
      users: () => this.#users.keys(),
      roomsOf: (user) => this.#roomsOf(user),
      onMember: (user, room) => this.#tellMember(user, room),
      onEnded: (user, room, facts) => this.#tellEnded(user, room, facts),
    })
    this.#ends.push(parts.bus.onReconnect(() => this.#onLosses()))
    void parts.bus
      .subscribe(LOSSES_TOPIC, (message) => {
        const { away_ms: awayMs } = JSON.parse(message) as LossesEvent
        if (awayMs > PLACE_KEPT_MS) this.#memberships.distrust()
        this.#onLosses()
      })
      .then((end) => (this.#closed ? end() : this.#ends.push(end)))
    this.#watchBus()
  }

  get roomCount(): number {
    return this.#rooms.size
  }

  /** From now on this connection is told what concerns its user. */
  async attachUser(connection: Connection, user: string): Promise<void> {
    this.connections.add(connection)
    await this.#users.join(user, connection)
  }

  /** From now on this connection receives this room. Resolves once nothing published later can be missed. */
  async attachRoom(connection: Connection, room: string): Promise<RoomChannel> {
    let channel = this.#rooms.get(room)
    if (channel === undefined) {
      channel = new RoomChannel(room, {
        ...this.#parts,
        onMembership: (found, event) => this.#onMembership(found, event),
      })
      this.#rooms.set(room, channel)
      const created = channel
      channel.subscribed = this.#parts.bus
        .subscribe(roomTopic(room), (message) => this.#onRoomEvent(created, JSON.parse(message) as RoomEvent))
        .then((unsubscribe) => {
          created.unsubscribe = unsubscribe
        })
    }
    if (!channel.connections.has(connection) && !connection.closed) {
      connection.left?.delete(room)
      channel.flush()
      channel.connections.add(connection)
      connection.rooms.push(channel)
    }
    await channel.subscribed
    // Its connection may have gone while the bus was asked.
    this.#linger(channel)
    return channel
  }

  detachRoom(connection: Connection, channel: RoomChannel): void {
    channel.flush()
    channel.connections.delete(connection)
    connection.rooms = connection.rooms.filter((room) => room !== channel)
    connection.drop(channel.id)
    this.#linger(channel)
  }

  /** Replaces whose presence this connection watches. */
  watch(connection: Connection, users: readonly string[]): Promise<void> {
    return this.#presence.watch(connection, users)
  }

  detach(connection: Connection): void {
    this.connections.delete(connection)
    for (const channel of connection.rooms) {
      channel.connections.delete(connection)
      this.#linger(channel)
    }
    connection.rooms = []
    this.#presence.leave(connection)
    if (connection.principal !== null) this.#users.leave(connection.principal.user, connection)
  }

  /** Closes every connection of a device, or of a user. */
  closeWhere(matches: (connection: Connection) => boolean, reason: CloseReason): void {
    for (const connection of [...this.connections]) if (matches(connection)) connection.close(reason)
  }

  /** Somebody types here: published, so that other gateways tell it too. */
  typing(connection: Connection, room: string): void {
    const channel = connection.rooms.find((candidate) => candidate.id === room)
    if (
      channel === undefined ||
      connection.principal === null ||
      channel.memberCount > SMALL_ROOM_MAX_MEMBERS
    )
      return
    // Each is told to everybody in the room: a client that says it a hundred times a second says it once.
    const now = this.#parts.clock.now()
    connection.typedAt ??= new Map()
    if (now - (connection.typedAt.get(room) ?? 0) < TYPING_REPEAT_MS) return
    connection.typedAt.set(room, now)
    this.#parts.bus.publish(
      roomTopic(room),
      JSON.stringify({ type: 'typing', user: connection.principal.user } satisfies RoomEvent),
    )
  }

  /** Asks for the heads of all rooms here and fetches what was missed. */
  async compareHeads(): Promise<void> {
    const ids = [...this.#rooms.keys()]
    for (let start = 0; start < ids.length; start += HEADS_MAX_ROOMS) {
      try {
        const rooms = ids.slice(start, start + HEADS_MAX_ROOMS)
        const { heads } = await this.#parts.rooms.heads({ rooms })
        for (const room of rooms) {
          const channel = this.#rooms.get(room)
          const head = heads[room]
          if (head !== undefined) channel?.reach(head)
          // Deleted while nobody could say so: the next connection of each is told what is gone.
          else for (const connection of [...(channel?.connections ?? [])]) connection.close('draining')
        }
      } catch (error) {
        this.#parts.log.warn({ error: String(error) }, 'heads not compared')
        return
      }
    }
  }

  close(): void {
    this.#closed = true
    for (const end of this.#ends) end()
    for (const channel of this.#rooms.values()) channel.unsubscribe?.()
    this.#users.close()
    this.#presence.close()
  }

  #watchBus(): void {
    if (this.#closed) return
    const { bus, clock } = this.#parts
    const next = () => clock.after(HEADS_INTERVAL_MS, () => this.#watchBus())
    void (bus.connected ? this.#memberships.keepUp() : this.#repair()).finally(next)
  }

  #onLosses(): void {
    void this.#repair()
    this.#presence.tellAgainSoon()
  }

  /** What the bus may have lost. Memberships first: who was removed is told so before the log takes them out in silence. */
  async #repair(): Promise<void> {
    await this.#memberships.repair()
    await this.compareHeads()
  }

  #linger(channel: RoomChannel): void {
    if (channel.connections.size > 0) return
    this.#parts.clock.after(LINGER_MS, () => {
      if (channel.connections.size > 0 || this.#rooms.get(channel.id) !== channel) return
      this.#rooms.delete(channel.id)
      void channel.subscribed.then(() => channel.unsubscribe?.())
    })
  }

  #onRoomEvent(channel: RoomChannel, event: RoomEvent): void {
    const room = channel.id
    if (event.type === 'entries') channel.receive(event.events, event.trace)
    else if (event.type === 'head') channel.reach(event.head_seq)
    else if (event.type === 'typing') {
      this.#tell(
        channel,
        { t: 'typing', room, user: event.user, expires_ms: TYPING_EXPIRES_MS },
        event.user,
        true,
      )
    } else if (event.type === 'marks') {
      const { user, delivered, read } = event
      this.#tell(channel, { t: 'marks', room, user, delivered, read }, user, false)
    } else if (event.type === 'call') {
      this.#tell(channel, { t: 'call', event: 'state', call: event.call }, null, false)
    } else {
      this.#tell(channel, { t: 'room', room: event.room, change: event.type }, null, false)
      if (event.type === 'deleted')
        for (const connection of [...channel.connections]) this.detachRoom(connection, channel)
    }
  }

  /** To all who receive the room but one user's own connections. */
  #tell(channel: RoomChannel, frame: PushFrame, without: string | null, ephemeral: boolean): void {
    channel.flush()
    const burst = createBurst([JSON.stringify(frame)])
    for (const connection of channel.connections) {
      if (connection.principal?.user === without) continue
      if (!ephemeral) connection.whenReady(() => connection.push(burst))
      else if (connection.ready) connection.pushEphemeral(burst)
    }
  }

  #onUserEvent(user: string, event: UserEvent): void {
    const connections = this.#users.connectionsOf(user)
    if (event.type === 'marks') {
      const { type: _type, ...marks } = event
      const burst = createBurst([JSON.stringify({ t: 'marks', user, ...marks })])
      for (const connection of connections) if (connection.ready) connection.push(burst)
    } else if (event.type === 'call') {
      for (const connection of connections) {
        const frame = connection.ready ? toCallFrame(event, connection) : null
        if (frame !== null) connection.send(frame)
      }
    } else if (event.type === 'notification' || event.type === 'inbox') {
      const burst = createBurst([JSON.stringify(toInboxFrame(event))])
      for (const connection of connections) if (connection.ready) connection.push(burst)
    } else if (event.type === 'added') {
      for (const connection of connections)
        connection.whenReady(() => {
          void this.#onAdded(connection, user, event.room).then((told) => {
            if (!told) this.#memberships.tellLater(user, event.room)
          })
        })
    } else if (event.type === 'changed') {
      for (const connection of connections)
        connection.whenReady(() => void this.#onChanged(connection, user, event.room))
    } else if (event.type === 'removed') {
      for (const connection of connections) this.#onRemoved(connection, event.room)
    }
  }

  #roomsOf(user: string): Set<string> {
    const connections = this.#users.connectionsOf(user)
    return new Set(connections.flatMap(({ rooms, left = [] }) => [...rooms.map(({ id }) => id), ...left]))
  }

  /** False when a connection that lacks this room could not be told now. */
  async #tellMember(user: string, room: string): Promise<boolean> {
    let told = true
    for (const connection of this.#users.connectionsOf(user)) {
      if (connection.rooms.some(({ id }) => id === room)) continue
      // Its list is being read, perhaps before this.
      if (!connection.ready || !(await this.#onAdded(connection, user, room)))
        told = connection.closed && told
    }
    return told
  }

  #tellEnded(user: string, id: string, facts: Room | undefined): void {
    for (const connection of this.#users.connectionsOf(user)) {
      if (connection.left?.has(id) !== true && !connection.rooms.some((room) => room.id === id)) continue
      // With nothing to show for the room: the next connection is told what is gone.
      if (facts === undefined) connection.close('draining')
      else this.#onRemoved(connection, facts)
    }
  }

  /**
   * Attached first and read then, so that nothing falls in between; what the client is told to know is not repeated.
   * False when the room could not be read: then it is as if nothing had been.
   */
  async #onAdded(connection: Connection, user: string, room: string): Promise<boolean> {
    const covered = new Map<string, number>()
    let channel: RoomChannel | undefined
    connection.hold()
    try {
      channel = await this.attachRoom(connection, room)
      const found = await this.#parts.rooms.getRoom({ user, room })
      if (found.room.me === undefined) {
        this.detachRoom(connection, channel)
        return true
      }
      channel.memberCount = found.room.member_count
      channel.reach(found.room.head_seq)
      covered.set(room, found.room.head_seq)
      connection.send({ t: 'room', room: found.room, change: 'added' })
      return true
    } catch (error) {
      // Without the room's shape nothing true can be said now.
      this.#parts.log.debug({ room, error: String(error) }, 'added room not told')
      if (channel !== undefined) this.detachRoom(connection, channel)
      return error instanceof ParleyError && error.code === 'not_found'
    } finally {
      connection.release(covered)
    }
  }

  async #onChanged(connection: Connection, user: string, id: string): Promise<void> {
    try {
      const { room } = await this.#parts.rooms.getRoom({ user, room: id })
      if (room.me !== undefined) connection.send({ t: 'room', room, change: 'updated' })
    } catch (error) {
      this.#parts.log.debug({ room: id, error: String(error) }, 'changed membership not told')
    }
  }

  #onRemoved(connection: Connection, room: Room): void {
    const channel = connection.rooms.find((candidate) => candidate.id === room.id)
    if (channel !== undefined) this.detachRoom(connection, channel)
    connection.left?.delete(room.id)
    connection.whenReady(() => connection.send({ t: 'room', room, change: 'removed' }))
  }

  #onMembership(channel: RoomChannel, event: EntryEvent): void {
    if (event.kind === 'join') {
      channel.memberCount++
      return
    }
    channel.memberCount--
    for (const connection of [...channel.connections]) {
      if (connection.principal?.user !== event.user) continue
      channel.connections.delete(connection)
      connection.rooms = connection.rooms.filter((room) => room !== channel)
      connection.left ??= new Set()
      connection.left.add(channel.id)
    }
    this.#linger(channel)
  }
}

/** Who is not ready yet reads the inbox afterwards. */
function toInboxFrame(event: Extract<UserEvent, { type: 'notification' | 'inbox' }>): PushFrame {
  if (event.type === 'inbox') {
    const { type: t, ...news } = event
    return { t, ...news }
  }
  const { type: t, item: notification, ...news } = event
  return { t, notification, ...news }
}
