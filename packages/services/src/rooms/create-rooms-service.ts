/** The rooms service: its verbs behind the contract, and the lifetimes of its relay and its background work. */
import { type Backlog, noCache, noTracer, type RoomsService } from '@parley/contracts'
import { tellLosses } from '../shared/tell-losses.ts'
import { traceItems } from '../shared/trace-items.ts'
import { createAnnouncer } from './announcer.ts'
import { archiveEntries } from './archive-entries.ts'
import { createAppendCallLine, createCallRoom } from './call-lines.ts'
import { createChangeMembers } from './change-members.ts'
import { createChangeMessage } from './change-message.ts'
import { changedMemberships } from './changed-memberships.ts'
import { createCreateRoom } from './create-room.ts'
import { createDeleteRoom } from './delete-room.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { createReadEpoch } from './epoch.ts'
import { expireMessages } from './expire-messages.ts'
import { createIndexMessages, INDEX_AT_ONCE } from './index-messages.ts'
import { findRoom, pageOfRooms, searchRooms } from './list-rooms.ts'
import { createMark } from './mark.ts'
import { readBacklog } from './read-backlog.ts'
import { readRoom } from './read-room.ts'
import { createReads } from './reads.ts'
import { createRelay } from './relay.ts'
import { createRenameRoom } from './rename-room.ts'
import { createResume } from './resume.ts'
import { getRoomStorage, setRoomStorage } from './room-storage.ts'
import { createSendMessage } from './send-message.ts'
import { createSetRoomPicture } from './set-room-picture.ts'
import { createDirectory, syncUsers, userCopies } from './sync-users.ts'
import { createWriteRoom } from './write-room.ts'

export interface RunningRoomsService extends RoomsService {
  /** Relays the outbox and does the background work until `close`. Resolves when it listens for the latter. */
  start(): Promise<void>
  /** Only the background work; `start` includes it. */
  work(): Promise<void>
  /** One batch of the outbox; how many rows were worked off. */
  runRelay(): Promise<number>
  backlog(): Promise<Backlog>
  close(): Promise<void>
}

const NO_AGES = { retentionDays: null, archiveAfterDays: null }

export function createRoomsService(dependencies: RoomsDependencies): RunningRoomsService {
  const {
    database,
    bus,
    queue,
    clock,
    log,
    cache = noCache,
    ages = NO_AGES,
    tracer = noTracer,
  } = dependencies
  const announcer = createAnnouncer(bus, tracer)
  const directory = createDirectory(database, dependencies.auth)
  const write = createWriteRoom(dependencies, announcer)
  const readEpoch = createReadEpoch(database)
  const {
    start: startSampling,
    close: stopSampling,
    ...resume
  } = createResume({
    database,
    readEpoch,
    clock,
    log,
  })
  const relay = createRelay({ database, announcer, queue, clock, log, tracer })
  let stopTelling = () => {}
  let endWork: Promise<() => Promise<void>> | undefined
  const work = async () => {
    const index = traceItems(tracer, 'index messages', createIndexMessages(database))
    endWork ??= queue.consume('rooms.index', INDEX_AT_ONCE, index)
    await endWork
  }

  return {
    syncUsers: (input) => syncUsers(database, input),
    userCopies: (input) => userCopies(database, input),
    createRoom: createCreateRoom(dependencies, announcer, directory),
    getRoom: async ({ user, room }) => ({ room: await readRoom(database, user, room) }),
    listRooms: ({ user, limit, cursor }) => pageOfRooms(database, user, { limit, cursor }),
    searchRooms: (input) => searchRooms(database, input),
    findRoom: (input) => findRoom(database, input),
    renameRoom: createRenameRoom(dependencies, announcer, write),
    setRoomPicture: createSetRoomPicture(dependencies, announcer, write),
    deleteRoom: createDeleteRoom(dependencies, announcer, write),
    getRoomStorage: (input) => getRoomStorage(database, ages, input),
    setRoomStorage: (input) => setRoomStorage({ database, write, ages }, input),
    ...createChangeMembers({ ...dependencies, write, announcer, directory }),
    sendMessage: createSendMessage(dependencies, announcer, directory),
    ...createChangeMessage(dependencies, write),
    ...createReads(database, cache),
    ...resume,
    mark: createMark(database, announcer),
    changedMemberships: (input) => changedMemberships(database, readEpoch, input),
    archiveEntries: (input, context) => archiveEntries({ database, clock, log }, input, context?.signal),
    expireMessages: (input, context) => expireMessages({ database, clock, log }, input, context?.signal),
    callRoom: createCallRoom(database, directory),
    appendCallLine: createAppendCallLine(write),
    async start() {
      stopTelling = tellLosses(bus, clock)
      startSampling()
      relay.start()
      await work()
    },
    work,
    runRelay: relay.run,
    backlog: () => readBacklog(database),
    async close() {
      stopTelling()
      stopSampling()
      await relay.close()
      const end = await endWork
      await end?.()
    },
  }
}
