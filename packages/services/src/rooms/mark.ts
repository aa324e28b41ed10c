/** Watermarks: what was delivered to and read by a member. They only move forward and never beyond the head. */
import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { ParleyError, SMALL_ROOM_MAX_MEMBERS } from '@parley/protocol'
import { createBatcher } from '../shared/create-batcher.ts'
import type { Announcer } from './announcer.ts'
import { assertReader } from './read-room.ts'

type Input = InputOf<typeof roomsContract, 'mark'>
type Output = OutputOf<typeof roomsContract, 'mark'>

const BATCH_MAX_ITEMS = 500
const MAX_WAITING = 20_000

interface MarkRow {
  read_seq: number | null
  delivered_seq: number
  unread: number
  moved: boolean
  member_count: number
}

export function createMark(database: Database, announcer: Announcer): (input: Input) => Promise<Output> {
  const write = createBatcher<Input, MarkRow>({
    maxItems: BATCH_MAX_ITEMS,
    maxWaiting: MAX_WAITING,
    overflow: () => new ParleyError('overloaded', { retryAfterMs: 1_000 }),
    async run(items) {
      const { rows } = await database.query<MarkRow>(
        'select * from rooms.mark($1, $2, $3, $4)',
        [
          items.map((item) => item.room),
          items.map((item) => item.user),
          items.map((item) => item.delivered ?? null),
          items.map((item) => item.read ?? null),
        ],
        'rooms.mark',
      )
      return rows
    },
  })

  return async (input) => {
    const row = await write(input)
    if (row.read_seq === null) {
      // Not allowed: the read says why, as everywhere else.
      await assertReader(database, input.user, input.room)
      throw new ParleyError('not_found')
    }
    const marks = { delivered: row.delivered_seq, read: row.read_seq }
    if (row.moved) {
      announcer.user(input.user, { type: 'marks', room: input.room, ...marks, unread: row.unread })
      // In a large room everybody's glance would be told to everybody.
      if (row.member_count <= SMALL_ROOM_MAX_MEMBERS)
        announcer.room(input.room, { type: 'marks', user: input.user, ...marks })
    }
    return { ...marks, unread: row.unread }
  }
}
