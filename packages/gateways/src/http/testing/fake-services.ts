import { Readable } from 'node:stream'
import {
  type AuthService,
  authContract,
  type CallContext,
  type Contract,
  type FileDoor,
  type FilesService,
  filesContract,
  type NotificationsService,
  notificationsContract,
  type RoomsService,
  roomsContract,
  type ServiceOf,
  type SessionsService,
  sessionsContract,
} from '@parley/contracts'
import type { Entry, FileShape, Member, Message, Notification, Room, User } from '@parley/protocol'

interface Call {
  readonly verb: string
  readonly input: unknown
  readonly context: CallContext | undefined
}

type Answers<C extends Contract> = {
  -readonly [K in keyof ServiceOf<C>]: ServiceOf<C>[K]
}

interface Fake<C extends Contract> {
  readonly service: ServiceOf<C>
  readonly calls: Call[]
  /** Replaces the answer of one verb from now on. */
  answer<K extends keyof ServiceOf<C>>(verb: K, answer: ServiceOf<C>[K]): void
}

/**
 * A service that answers by a table. What goes in and out is checked against the contract, strictly: a gateway
 * that calls with what the contract does not know fails its test, and so does a fake that drifted.
 */
function fakeService<C extends Contract>(contract: C, table: Answers<C>): Fake<C> {
  const calls: Call[] = []
  const answers = table as Record<string, (input: unknown, context?: CallContext) => Promise<unknown>>
  const service = Object.fromEntries(
    Object.entries(contract.verbs).map(([verb, { input, output }]) => [
      verb,
      async (given: unknown, context?: CallContext) => {
        calls.push({ verb, input: JSON.parse(JSON.stringify(given)), context })
        const unknownKeys = Object.keys(given as object).filter(
          (key) => !Object.hasOwn((input as unknown as { shape: object }).shape, key),
        )
        if (unknownKeys.length > 0) throw new Error(`${contract.name}.${verb} does not know ${unknownKeys}`)
        const answer = answers[verb]
        if (answer === undefined) throw new Error(`${contract.name}.${verb} has no answer`)
        return output.parse(await answer(input.parse(given), context))
      },
    ]),
  ) as unknown as ServiceOf<C>
  return {
    service,
    calls,
    answer: (verb, answer) => {
      answers[verb as string] = answer as unknown as (input: unknown) => Promise<unknown>
    },
  }
}

export const ann: User = { id: 'u-ann', username: 'ann', display_name: 'Ann' }
export const ben: User = { id: 'u-ben', username: 'ben', display_name: 'Bến' }
const storage = {
  retention_days: null,
  archive_days: 90,
  server: { retention_days: null, archive_days: 365 },
}
export const room: Room = {
  id: 'r-tea',
  kind: 'public',
  name: 'Tea',
  owner_id: ann.id,
  head_seq: 3,
  first_seq: 1,
  created_at: 1_000,
  last_at: 3_000,
  member_count: 2,
  me: { role: 'owner', read_seq: 3, delivered_seq: 3, unread: 0 },
}
export const message: Message = {
  room: room.id,
  seq: 2,
  from: ann.id,
  at: 2_000,
  client_id: 'client-0001',
  body: 'hello',
  reactions: [{ emoji: '👍', count: 1, mine: false }],
}
export const entry: Entry = {
  room: room.id,
  seq: 3,
  kind: 'message',
  from: ann.id,
  at: 3_000,
  body: 'hello',
  client_id: 'client-0002',
}
export const file: FileShape = {
  id: 'f-cup',
  name: 'cup.png',
  type: 'image/png',
  bytes: 5,
  width: 2,
  height: 1,
}
export const member: Member = { user: ben, role: 'member', joined_at: 2_500 }
const permissions = {
  create_room: true,
  invite: true,
  remove_member: false,
  send_file: true,
  start_call: true,
}
const signIn = {
  user: ann,
  device: 'd-1',
  access_token: 'access.of.ann',
  expires_in_seconds: 600,
  refresh_token: 'refresh-of-ann',
}
const people = [ann, ben]
export const notification: Notification = {
  id: 'n-1',
  kind: 'mention',
  room: room.id,
  seq: 2,
  from: ben.id,
  preview: 'hello @ann',
  at: 2_000,
}
const inbox = { notifications: [notification], unread: 1, version: 7 }
const quiet = { do_not_disturb_until: null, quiet_hours: null, push_content: 'full' } as const

const email = { address: 'ann@example.org', verified: true, locale: 'en' as const }

export function fakeAuth(): Fake<typeof authContract> {
  const table: AuthService = {
    register: async () => signIn,
    login: async () => signIn,
    refresh: async () => signIn,
    logout: async () => ({}),
    changePassword: async () => ({}),
    listDevices: async ({ device }) => ({
      devices: [{ id: device, name: 'Browser', created_at: 1, last_seen_at: 2, current: true }],
    }),
    revokeDevice: async () => ({}),
    getUsers: async ({ ids }) => ({ users: people.filter((user) => ids.includes(user.id)) }),
    searchUsers: async () => ({ users: people, next: 'page-2' }),
    updateUser: async ({ display_name = ann.display_name }) => ({ user: { ...ann, display_name } }),
    getPermissions: async () => ({ permissions, admin: false }),
    setPermissions: async () => ({ permissions }),
    setDisabled: async () => ({}),
    claimSetup: async () => ({}),
    promote: async () => ({}),
    keys: async () => ({ keys: [{ kty: 'OKP', kid: 'k1' }], issuer: 'parley', audience: 'parley' }),
    revocations: async () => ({ revocations: [], now: 1 }),
    userRecords: async () => ({ users: [] }),
    signInOptions: async () => ({ mail: true }),
    getEmail: async () => ({ email }),
    setEmail: async ({ locale = 'en' }) => ({ email: { ...email, locale } }),
    resendVerification: async () => ({}),
    verifyEmail: async () => ({}),
    forgotPassword: async () => ({}),
    resetForgotten: async () => ({}),
    mailRecipient: async () => ({ recipient: null }),
    composeMail: async () => ({ mail: null }),
    settleMail: async () => ({}),
  }
  return fakeService(authContract, table)
}

export function fakeRooms(): Fake<typeof roomsContract> {
  const appended = async () => ({ entry, fresh: true })
  const table: RoomsService = {
    syncUsers: async () => ({}),
    userCopies: async () => ({ users: [] }),
    createRoom: async ({ kind, name = '' }) => ({ room: { ...room, kind, name }, fresh: true }),
    getRoom: async () => ({ room }),
    listRooms: async () => ({ rooms: [room], next: 'page-2' }),
    searchRooms: async () => ({ rooms: [room] }),
    findRoom: async () => ({ room }),
    renameRoom: async ({ name }) => ({ room: { ...room, name } }),
    setRoomPicture: async () => ({ room }),
    deleteRoom: async () => ({}),
    joinRoom: async () => ({ room }),
    leaveRoom: async () => ({}),
    listMembers: async () => ({ members: [member] }),
    addMember: async () => ({ member }),
    setRole: async ({ role }) => ({ member: { ...member, role } }),
    removeMember: async () => ({}),
    banMember: async () => ({}),
    liftBan: async () => ({}),
    listBans: async () => ({ users: [ben] }),
    sendMessage: appended,
    editMessage: appended,
    deleteMessage: appended,
    react: appended,
    unreact: appended,
    pin: appended,
    unpin: appended,
    listMessages: async () => ({ messages: [message], more: false }),
    getMessage: async () => ({ message }),
    listFiles: async () => ({ files: [{ file, seq: 3, from: ann.id, at: 3_000 }], next: 'page-2' }),
    listPins: async () => ({ messages: [message] }),
    searchMessages: async () => ({ messages: [message] }),
    readLog: async ({ rooms }) => ({
      rooms: rooms.map(({ room }) => ({ room, entries: [entry], head_seq: 3, first_seq: 1, more: false })),
    }),
    canReadFile: async () => ({ allowed: true }),
    filesInUse: async () => ({ files: [] }),
    droppedFiles: async () => ({ dropped: [] }),
    forgetDroppedFiles: async () => ({}),
    listRoomIds: async () => ({ rooms: [room.id] }),
    resume: async () => ({ mode: 'snapshot', cursor: 'c', rooms: [room], gone: [] }),
    currentCursor: async () => ({ cursor: 'c' }),
    mark: async () => ({ read: 3, delivered: 3, unread: 0 }),
    heads: async () => ({ heads: {} }),
    changedMemberships: async () => ({ cursor: 'e.1', changes: [], more: false, reset: false }),
    archiveEntries: async () => ({ moved: 0, rooms: 0 }),
    expireMessages: async () => ({ entries: 0, messages: 0, kept: 0, rooms: 0 }),
    floors: async () => ({ floors: {} }),
    getRoomStorage: async () => ({ storage }),
    setRoomStorage: async () => ({ storage }),
    replay: async () => ({ events: [], more: false }),
    listTellable: async ({ upto }) => ({ entries: [], through: upto, authors: {} }),
    memberMarks: async () => ({ marks: [] }),
    callRoom: async () => ({ direct: false, canStart: true, members: [] }),
    appendCallLine: async () => ({}),
    listPreviews: async ({ places }) => ({ previews: places.map(() => '') }),
  }
  return fakeService(roomsContract, table)
}

export function fakeFiles(): Fake<typeof filesContract> {
  const table: FilesService = {
    describeFiles: async () => ({ files: [file] }),
    makeSquare: async () => ({ file }),
    useAsAvatar: async () => ({}),
    releaseAvatars: async () => ({}),
    dropFiles: async () => ({}),
  }
  return fakeService(filesContract, table)
}

/** Has the bytes `hello` for everybody, and takes whatever comes. */
export function fakeFileDoor(): FileDoor {
  return {
    async upload({ name }, content) {
      let bytes = 0
      for await (const chunk of content) bytes += chunk.length
      return { ...file, name, bytes }
    },
    open: async () => ({
      status: 200,
      name: file.name,
      type: file.type,
      disposition: 'inline',
      totalBytes: file.bytes,
      start: 0,
      end: file.bytes - 1,
      tag: `"${file.id}"`,
      content: Readable.from([Buffer.from('hello')]),
    }),
  }
}

export function fakeSessions(): Fake<typeof sessionsContract> {
  const table: SessionsService = {
    openConnection: async () => ({}),
    closeConnection: async () => ({}),
    findGateway: async () => ({}),
    renewGateway: async () => ({ known: true }),
    setState: async ({ state }) => ({ state }),
    findConnections: async () => ({ connections: [] }),
    getPresence: async ({ users }) => ({
      presence: users.map((user) => ({ user, state: user === ben.id ? 'online' : 'offline' })),
    }),
    listOnline: async () => ({ users: [ben.id] }),
  }
  return fakeService(sessionsContract, table)
}

export function fakeNotifications(): Fake<typeof notificationsContract> {
  const table: NotificationsService = {
    listNotifications: async () => ({ ...inbox, next: 'page-2' }),
    readNotifications: async () => ({ ...inbox, unread: 0 }),
    followRead: async () => ({}),
    endRing: async () => ({}),
    getNotificationSettings: async () => ({ settings: quiet }),
    setNotificationSettings: async ({
      do_not_disturb_until: until = null,
      quiet_hours: hours = null,
      ...more
    }) => ({
      settings: {
        do_not_disturb_until: until,
        quiet_hours: hours,
        push_content: more.push_content ?? 'full',
      },
    }),
    getPush: async () => ({ key: 'BKey', subscribed: true }),
    subscribePush: async () => ({}),
    unsubscribePush: async () => ({}),
    getDigest: async () => ({ digest: '1h' }),
    setDigest: async ({ digest }) => ({ digest }),
    unsubscribe: async () => ({}),
    getRoomLevel: async () => ({ level: 'mentions' }),
    sweepNotifications: async () => ({ items: 0, rooms: 0, people: 0 }),
    setRoomLevel: async ({ level }) => ({ level }),
  }
  return fakeService(notificationsContract, table)
}
