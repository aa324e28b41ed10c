/** The rooms service: its verbs behind the contract, and the lifetimes of its relay and its background work. */
import { type Backlog, noCache, noTracer, type RoomsService } from '@parley/contracts'
import { tellLosses } from '../shared/tell-losses.ts'
import { traceItems } from '../shared/trace-items.ts'
import { createAnnouncer } from './announcer.ts'
import { archiveEntries } from './archive-entries.ts'
import { canReadFile, droppedFiles, filesInUse, forgetDroppedFiles } from './attachments.ts'
import { createChangeMembers } from './change-members.ts'
import { createChangeMessage } from './change-message.ts'
import { changedMemberships } from './changed-memberships.ts'
import { createCreateRoom } from './create-room.ts'
import { createDeleteRoom } from './delete-room.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { createReadEpoch } from './epoch.ts'
import { createIndexMessages, INDEX_AT_ONCE } from './index-messages.ts'
import { listBans, listMembers } from './list-members.ts'
import { getMessage, listMessages, listPins } from './list-messages.ts'
import { listPreviews } from './list-previews.ts'
import { findRoom, listRoomIds, pageOfRooms, searchRooms } from './list-rooms.ts'
import { listTellable } from './list-tellable.ts'
import { createMark } from './mark.ts'
import { memberMarks } from './member-marks.ts'
import { readBacklog } from './read-backlog.ts'
import { heads, readLog, replay } from './read-log.ts'
import { readRoom } from './read-room.ts'
import { createRelay } from './relay.ts'
import { createRenameRoom } from './rename-room.ts'
import { createResume } from './resume.ts'
import { searchMessages } from './search-messages.ts'
import { createSendMessage } from './send-message.ts'
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

export function createRoomsService(dependencies: RoomsDependencies): RunningRoomsService {
  const { database, bus, queue, clock, log, cache = noCache, tracer = noTracer } = dependencies
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
    deleteRoom: createDeleteRoom(dependencies, announcer, write),
    ...createChangeMembers({ ...dependencies, write, announcer, directory }),
    listMembers: (input) => listMembers(database, input),
    listBans: (input) => listBans(database, input),
    sendMessage: createSendMessage(dependencies, announcer, directory),
    ...createChangeMessage(dependencies, write),
    listMessages: (input) => listMessages(database, cache, input),
    getMessage: (input) => getMessage(database, input),
    listPins: (input) => listPins(database, input),
    searchMessages: (input) => searchMessages(database, input),
    readLog: (input) => readLog(database, input),
    canReadFile: (input) => canReadFile(database, input),
    filesInUse: (input) => filesInUse(database, input),
    droppedFiles: (input) => droppedFiles(database, input),
    forgetDroppedFiles: (input) => forgetDroppedFiles(database, input),
    listRoomIds: (input) => listRoomIds(database, input),
    ...resume,
    mark: createMark(database, announcer),
    changedMemberships: (input) => changedMemberships(database, readEpoch, input),
    archiveEntries: (input, context) => archiveEntries({ database, clock, log }, input, context?.signal),
    heads: (input) => heads(database, input),
    replay: (input) => replay(database, input),
    listTellable: (input) => listTellable(database, input),
    memberMarks: (input) => memberMarks(database, input),
    listPreviews: (input) => listPreviews(database, input),
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
