/**
 * A `Parley` without a server, for component work: `dev.html` renders the client on it. It behaves like the
 * real one where a screen can tell the difference, and is never part of a production build.
 */
import { foldText, type Message, ParleyError, type Room, type User } from '@parley/protocol'
import type { ConnectionState, Page, Parley, RoomState, SessionState, TimelineItem } from '@parley/sdk/api'
import { createSource, type Source } from './fake-store.ts'
import { type FakeRoom, foreignRooms, me, onlineIds, people, rooms as teamRooms } from './fake-team.ts'
import { createFakeTimeline, type FakeTimeline } from './fake-timeline.ts'

export interface FakeOptions {
  readonly signedIn?: boolean
  readonly empty?: boolean
  /** Messages per second that arrive in the first room. */
  readonly stream?: number
  readonly connection?: Partial<ConnectionState>
  readonly loading?: boolean
}

function roomState(fake: FakeRoom, member: boolean, last: Message | undefined): RoomState {
  const peerId = fake.kind === 'direct' ? fake.members.find(([id]) => id !== me.id)?.[0] : undefined
  const peer = people.find((user) => user.id === peerId)
  const role = fake.members.find(([id]) => id === me.id)?.[1] ?? 'member'
  const read = Math.max(0, fake.length - fake.unread)
  return {
    id: fake.id,
    kind: fake.kind,
    name: fake.name,
    owner_id: fake.members.find(([, given]) => given === 'owner')?.[0] ?? null,
    head_seq: fake.length,
    first_seq: 1,
    created_at: Date.now() - 90 * 86_400_000,
    last_at: Date.now() - fake.minutesAgo * 60_000,
    member_count: fake.members.length,
    ...(member ? { me: { role, read_seq: read, delivered_seq: read, unread: fake.unread } } : {}),
    ...(last === undefined ? {} : { last_message: last }),
    ...(peer === undefined ? {} : { peer }),
    typing: [],
    marks: {},
  }
}

export function createFakeParley(options: FakeOptions = {}): Parley {
  const session = createSource<SessionState>(
    options.signedIn === false ? { status: 'signed_out' } : { status: 'signed_in', user: me },
  )
  const connection = createSource<ConnectionState>({
    status: 'online',
    transport: 'socket',
    retryAt: null,
    ...options.connection,
  })
  const timelines = new Map<string, FakeTimeline>()
  const all = options.empty === true ? [] : teamRooms
  const timelineOf = (id: string): FakeTimeline => {
    let found = timelines.get(id)
    if (found === undefined) {
      const fake = [...all, ...foreignRooms].find((room) => room.id === id)
      found = createFakeTimeline(fake, (last) => touchRoom(id, last))
      timelines.set(id, found)
    }
    return found
  }
  const rooms = createSource<readonly RoomState[]>(
    options.loading === true ? [] : all.map((fake) => roomState(fake, true, timelineOf(fake.id).last())),
  )
  const changeRoom = (id: string, change: (room: RoomState) => RoomState) =>
    rooms.set(rooms.get().map((room) => (room.id === id ? change(room) : room)))
  function touchRoom(id: string, last: Message) {
    changeRoom(id, (room) => ({ ...room, last_message: last, last_at: last.at, head_seq: last.seq }))
  }

  if (options.stream !== undefined && options.stream > 0) {
    const every = 1_000 / options.stream
    let due = performance.now()
    setInterval(() => {
      for (; due < performance.now(); due += every) timelineOf('r-launch').arrive()
    }, 4)
  }
  setInterval(() => {
    changeRoom('r-launch', (room) => ({ ...room, typing: room.typing.length === 0 ? ['u-minh'] : [] }))
  }, 4_000)

  return fakeApi({ session, connection, rooms, timelineOf, changeRoom, ready: options.loading !== true })
}

interface Parts {
  readonly session: Source<SessionState>
  readonly connection: Source<ConnectionState>
  readonly rooms: Source<readonly RoomState[]>
  readonly ready: boolean
  timelineOf(id: string): FakeTimeline
  changeRoom(id: string, change: (room: RoomState) => RoomState): void
}

const later = <Value>(value: Value): Promise<Value> =>
  new Promise((resolve) => setTimeout(() => resolve(value), 180))
const page = <Item>(items: readonly Item[]): Promise<Page<Item>> => later({ items })
const matches = (text: string, query: string) => foldText(text).includes(foldText(query))
const byName = (user: User, query: string) =>
  matches(user.display_name, query) || matches(user.username, query)

function fakeApi(parts: Parts): Parley {
  const { session, connection, rooms, timelineOf, changeRoom } = parts
  const fixed = <Value>(value: Value) => ({ get: () => value, subscribe: () => () => undefined })
  const users = new Map(people.map((user) => [user.id, fixed<User | undefined>(user)]))
  const presence = new Map(
    people.map((user) => [
      user.id,
      fixed({
        user: user.id,
        state:
          user.id === 'u-mei'
            ? ('away' as const)
            : onlineIds.includes(user.id)
              ? ('online' as const)
              : ('offline' as const),
        last_seen_at: Date.now() - 3_400_000,
      }),
    ]),
  )
  const roomStores = new Map<string, ReturnType<Parley['room']>>()
  const fakeOf = (id: string) => [...teamRooms, ...foreignRooms].find((room) => room.id === id)
  const addRoom = (room: RoomState): Room => {
    rooms.set([room, ...rooms.get().filter((other) => other.id !== room.id)])
    return room
  }
  const dropRoom = (id: string) => rooms.set(rooms.get().filter((room) => room.id !== id))
  const member = (id: string, role: 'owner' | 'admin' | 'member' | 'reader') => ({
    user: people.find((user) => user.id === id) ?? me,
    role,
    joined_at: Date.now() - 80_000_000,
  })
  const inTimeline =
    (change: (timeline: FakeTimeline, ...rest: never[]) => void) =>
    (room: string, ...rest: never[]): Promise<void> => {
      change(timelineOf(room), ...rest)
      return later(undefined)
    }

  return {
    session,
    connection,
    rooms,
    roomsReady: fixed(parts.ready),
    room(id) {
      let store = roomStores.get(id)
      if (store === undefined) {
        store = { get: () => rooms.get().find((room) => room.id === id), subscribe: rooms.subscribe }
        roomStores.set(id, store)
      }
      return store
    },
    timeline: timelineOf,
    user: (id) => users.get(id) ?? fixed(undefined),
    presence: (id) => presence.get(id) ?? fixed(undefined),
    watch: () => () => undefined,
    start: () => later(undefined),
    stop: () => later(undefined),
    async register(input) {
      if (input.username === 'taken') throw new ParleyError('username_taken')
      if (input.password === 'password') throw new ParleyError('password_too_common')
      session.set({ status: 'signed_in', user: me })
      return later(me)
    },
    async login(input) {
      await later(undefined)
      if (input.password !== 'secret secret') throw new ParleyError('bad_credentials')
      session.set({ status: 'signed_in', user: me })
      return me
    },
    async logout() {
      session.set({ status: 'signed_out' })
    },
    changePassword: () => later(undefined),
    devices: () =>
      later([
        {
          id: 'd1',
          name: 'Firefox on Linux',
          created_at: Date.now() - 9e8,
          last_seen_at: Date.now(),
          current: true,
        },
        {
          id: 'd2',
          name: 'Chrome on Android',
          created_at: Date.now() - 9e9,
          last_seen_at: Date.now() - 9e6,
          current: false,
        },
      ]),
    revokeDevice: () => later(undefined),
    async updateMe(input) {
      const user = { ...me, ...input }
      session.set({ status: 'signed_in', user })
      return later(user)
    },
    async createRoom(input) {
      const members = [
        me.id,
        ...people.filter((user) => input.usernames?.includes(user.username)).map((user) => user.id),
      ]
      if (members.length <= (input.usernames?.length ?? 0)) throw new ParleyError('not_found')
      const fake: FakeRoom = {
        id: `r-${Date.now()}`,
        kind: input.kind,
        name: input.name ?? '',
        members: members.map((id) => [id, id === me.id ? 'owner' : 'member']),
        unread: 0,
        length: 0,
        minutesAgo: 0,
      }
      return later(addRoom(roomState(fake, true, undefined)))
    },
    searchRooms: (query) =>
      page(
        [...teamRooms, ...foreignRooms]
          .filter((room) => room.kind === 'public' && matches(room.name, query))
          .map((fake) => roomState(fake, teamRooms.includes(fake), undefined)),
      ),
    async joinRoom(id) {
      const fake = fakeOf(id)
      if (fake === undefined) throw new ParleyError('not_found')
      return later(addRoom(roomState(fake, true, undefined)))
    },
    leaveRoom: async (id) => dropRoom(id),
    renameRoom: async (id, name) => changeRoom(id, (room) => ({ ...room, name })),
    deleteRoom: async (id) => dropRoom(id),
    members: (room) => page((fakeOf(room)?.members ?? []).map(([id, role]) => member(id, role))),
    async addMember(_room, username) {
      const user = people.find((one) => one.username === username)
      if (user === undefined) throw new ParleyError('not_found')
      return later(member(user.id, 'member'))
    },
    removeMember: () => later(undefined),
    banMember: () => later(undefined),
    setRole: async (_room, user, role) => later(member(user, role)),
    searchUsers: (query) => page(people.filter((user) => byName(user, query))),
    onlineUsers: () => later(people.filter((user) => onlineIds.includes(user.id))),
    searchMessages: ({ query, room }) =>
      page(
        rooms
          .get()
          .filter((one) => room === undefined || one.id === room)
          .flatMap((one) => timelineOf(one.id).find(query)),
      ),
    pins: (room) => later(timelineOf(room).pinned()),
    permissions: () =>
      later({
        permissions: {
          create_room: true,
          invite: true,
          remove_member: true,
          send_file: true,
          start_call: true,
        },
        admin: false,
      }),
    send: (room, input) => timelineOf(room).send(input.body, input.reply_to),
    retry: () => undefined,
    discard: (key) => {
      for (const room of rooms.get()) timelineOf(room.id).discard(key)
    },
    edit: inTimeline((timeline, seq: number, body: string) =>
      timeline.change(seq, (message) => ({ ...message, body, edited_at: Date.now() })),
    ),
    remove: inTimeline((timeline, seq: number) =>
      timeline.change(seq, (message) => ({ ...message, body: '', deleted: true })),
    ),
    react: inTimeline((timeline, seq: number, emoji: string) => timeline.react(seq, emoji, true)),
    unreact: inTimeline((timeline, seq: number, emoji: string) => timeline.react(seq, emoji, false)),
    pin: inTimeline((timeline, seq: number) =>
      timeline.change(seq, (message) => ({ ...message, pinned: true })),
    ),
    unpin: inTimeline((timeline, seq: number) =>
      timeline.change(seq, ({ pinned: _, ...message }) => message),
    ),
    markRead: (id, seq) =>
      changeRoom(id, (room) =>
        room.me === undefined || room.me.read_seq >= seq
          ? room
          : { ...room, me: { ...room.me, read_seq: seq, unread: Math.max(0, room.head_seq - seq) } },
      ),
    typing: () => undefined,
    setAttention: () => undefined,
  }
}

export type FakeItem = TimelineItem
