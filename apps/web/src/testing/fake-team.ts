/** A believable team for component work: people, rooms and what they said. */
import type { Role, RoomKind, User } from '@parley/protocol'

const person = (id: string, username: string, display_name: string): User => ({ id, username, display_name })

export const me = person('u-linh', 'linh', 'Nguyễn Khánh Linh')
export const people: readonly User[] = [
  me,
  person('u-minh', 'minh.tran', 'Trần Quang Minh'),
  person('u-anna', 'anna', 'Anna Kowalska'),
  person('u-jonas', 'jonas', 'Jonas Berg'),
  person('u-ha', 'thuha', 'Lê Thu Hà'),
  person('u-sam', 'sam_o', 'Samuel Okafor'),
  person('u-mei', 'mei-lin', 'Mei-Lin Chen'),
  person('u-bao', 'bao', 'Phạm Gia Bảo'),
]
export const onlineIds = ['u-linh', 'u-minh', 'u-anna', 'u-ha', 'u-mei']

export interface FakeRoom {
  readonly id: string
  readonly kind: RoomKind
  readonly name: string
  readonly members: readonly (readonly [id: string, role: Role])[]
  readonly unread: number
  /** How many messages the room holds; the script below is repeated. */
  readonly length: number
  readonly minutesAgo: number
}

export const rooms: readonly FakeRoom[] = [
  {
    id: 'r-launch',
    kind: 'group',
    name: 'Launch week',
    members: [
      ['u-linh', 'owner'],
      ['u-minh', 'admin'],
      ['u-anna', 'member'],
      ['u-jonas', 'member'],
      ['u-ha', 'reader'],
    ],
    unread: 4,
    length: 260,
    minutesAgo: 2,
  },
  {
    id: 'r-anna',
    kind: 'direct',
    name: '',
    members: [
      ['u-linh', 'member'],
      ['u-anna', 'member'],
    ],
    unread: 0,
    length: 64,
    minutesAgo: 17,
  },
  {
    id: 'r-general',
    kind: 'public',
    name: 'General',
    members: people.map((user) => [user.id, user.id === 'u-minh' ? 'owner' : 'member']),
    unread: 100,
    length: 1_200,
    minutesAgo: 43,
  },
  {
    id: 'r-minh',
    kind: 'direct',
    name: '',
    members: [
      ['u-linh', 'member'],
      ['u-minh', 'member'],
    ],
    unread: 1,
    length: 31,
    minutesAgo: 130,
  },
  {
    id: 'r-archive',
    kind: 'public',
    name: 'Long memory',
    members: [
      ['u-linh', 'admin'],
      ['u-sam', 'owner'],
      ['u-mei', 'member'],
    ],
    unread: 0,
    length: 100_000,
    minutesAgo: 600,
  },
  {
    id: 'r-vietnam',
    kind: 'group',
    name: 'Văn phòng Đà Nẵng',
    members: [
      ['u-linh', 'member'],
      ['u-bao', 'owner'],
      ['u-ha', 'member'],
    ],
    unread: 0,
    length: 12,
    minutesAgo: 1_500,
  },
  {
    id: 'r-bao',
    kind: 'direct',
    name: '',
    members: [
      ['u-linh', 'member'],
      ['u-bao', 'member'],
    ],
    unread: 0,
    length: 3,
    minutesAgo: 9_000,
  },
  {
    id: 'r-readonly',
    kind: 'public',
    name: 'Announcements from the people who run this server',
    members: [
      ['u-linh', 'reader'],
      ['u-sam', 'owner'],
    ],
    unread: 0,
    length: 5,
    minutesAgo: 20_000,
  },
]

export const foreignRooms: readonly FakeRoom[] = [
  {
    id: 'r-coffee',
    kind: 'public',
    name: 'Coffee & Cà phê',
    members: [
      ['u-sam', 'owner'],
      ['u-mei', 'member'],
    ],
    unread: 0,
    length: 8,
    minutesAgo: 50,
  },
  {
    id: 'r-music',
    kind: 'public',
    name: 'Music while coding',
    members: [['u-jonas', 'owner']],
    unread: 0,
    length: 8,
    minutesAgo: 300,
  },
]

export const script: readonly string[] = [
  'Morning! The staging server is up again after the **night build**.',
  'Chào cả nhà, mình vừa đẩy bản dịch tiếng Việt lên nhánh chính nhé.',
  'Nice. Did the append test pass? I saw one failure in `rooms/append.test.ts` yesterday.',
  'It did, after I raised the statement timeout. Here is the diff:\n```sql\nalter function append set statement_timeout = 4000;\n```',
  'ok',
  'Could you look at https://example.org/docs/operations?chapter=3#backup before lunch? It still says that dumps need a maintenance window, which has not been true since we moved to the native package.',
  '@linh can you take the release notes?',
  'Sure!\n\n- what changed for operators\n- what changed for everybody\n- numbers from the bench',
  '> two cores, 65,000 connections\n\nThat is the line I would put first.',
  'Mình đồng ý. Người vận hành chỉ quan tâm đến con số đó thôi 😄',
  'One more thing: the *typing* line should not move the list. I measured 18 px of jump in the old build.',
  'Fixed in the shell, it has a row of its own now.',
  'Hẹn gặp mọi người lúc 14:00, phòng họp tầng ba.',
]
