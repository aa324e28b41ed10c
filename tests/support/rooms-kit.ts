/** A rooms service on a real database, with people to talk. For tests. */
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { createInProcessWorkQueue } from '@parley/adapters/embedded/in-process-work-queue'
import {
  type Bus,
  createIds,
  type RoomEvent,
  roomTopic,
  silentLog,
  systemClock,
  type UserRecord,
  type WorkQueue,
  workTopics,
} from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { createRoomsService, type RunningRoomsService } from '@parley/services/rooms/create-rooms-service'
import type { RoomsDependencies } from '@parley/services/rooms/dependencies'
import { roomsMigrations } from '@parley/services/rooms/migrations'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

export interface RoomsKit {
  readonly rooms: RunningRoomsService
  readonly bus: Bus
  readonly database: TestDatabase['database']
  /** Where that is, for a pool of one's own. */
  readonly connection: TestDatabase['connection']
  /** Another process of the service over the same database. */
  another(more?: Partial<RoomsDependencies>): RunningRoomsService
  /** A new user, known to the service; their id. */
  person(name?: string, changes?: Partial<UserRecord>): Promise<string>
  /** A public room of this owner with these members; its id. */
  publicRoom(owner: string, ...members: string[]): Promise<string>
  send(user: string, room: string, body: string, clientId?: string): Promise<number>
  /** What the bus tells about a room from now on. */
  listen(room: string): Promise<RoomEvent[]>
  close(): Promise<void>
}

export async function createRoomsKit(): Promise<RoomsKit> {
  const { database, connection, drop } = await createTestDatabase([roomsMigrations])
  const bus = createInProcessBus()
  const queue = createInProcessWorkQueue(silentLog)
  const newId = createIds()
  const records = new Map<string, UserRecord>()
  const running: RunningRoomsService[] = []
  const create = (more: Partial<RoomsDependencies> = {}): RunningRoomsService => {
    const service = createRoomsService({
      database,
      bus,
      queue,
      newId,
      clock: systemClock,
      log: silentLog,
      auth: {
        userRecords: async ({ ids, usernames }) => ({
          users: [...records.values()].filter(
            (user) => ids?.includes(user.id) || usernames?.includes(user.username),
          ),
        }),
      },
      files: {
        describeFiles: () => Promise.reject(new ParleyError('not_found')),
        makeSquare: () => Promise.reject(new ParleyError('not_found')),
        dropFiles: async () => ({}),
      },
      ...more,
    })
    running.push(service)
    return service
  }
  const rooms = create()
  await rooms.work()
  await standInForOthers(queue)

  return {
    rooms,
    bus,
    database,
    connection,
    another: create,
    async person(name = `person-${newId()}`, changes = {}) {
      const user: UserRecord = {
        id: newId(),
        username: name,
        display_name: name,
        avatar_file_id: null,
        admin: false,
        disabled: false,
        version: 1,
        permissions: {
          create_room: true,
          invite: true,
          remove_member: true,
          send_file: true,
          start_call: true,
        },
        ...changes,
      }
      records.set(user.id, user)
      await rooms.syncUsers({ users: [user] })
      return user.id
    },
    async publicRoom(owner, ...members) {
      const { room } = await rooms.createRoom({
        user: owner,
        kind: 'public',
        name: `room ${newId()}`,
        usernames: [],
      })
      for (const user of members) await rooms.joinRoom({ user, room: room.id })
      return room.id
    },
    async send(user, room, body, clientId = newId()) {
      return (await rooms.sendMessage({ user, room, body, client_id: clientId })).entry.seq
    },
    async listen(room) {
      const events: RoomEvent[] = []
      await bus.subscribe(roomTopic(room), (message) => events.push(JSON.parse(message) as RoomEvent))
      return events
    },
    async close() {
      await Promise.all(running.map((service) => service.close()))
      await queue.close()
      await drop()
    },
  }
}

/** Takes the work of other services, which are not there; a queue of one process is not emptied without them. */
export async function standInForOthers(queue: WorkQueue): Promise<void> {
  for (const other of workTopics['room.entries'])
    if (other !== 'rooms.index') await queue.consume(other, 1, async () => {})
}
