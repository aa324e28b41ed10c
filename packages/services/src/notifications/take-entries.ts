/**
 * The consumer of the queue `notifications.entries`. Idempotent by `(room, seq)`: how far a room was looked at is a row
 * of its own, and an item exists once per person and message; what is repeated, late or overtaken adds nothing.
 */
import { type WorkItem, workBodies } from '@parley/contracts'
import type { NotificationsDependencies } from './dependencies.ts'
import { type Candidate, findCandidates } from './find-candidates.ts'
import { TELL_MAX, tellMembers } from './tell-members.ts'

/** Items a process works on at a time. */
export const TAKE_AT_ONCE = 4

/** Entries of one question; times those who want everything of the room it bounds what is held in memory. */
const PAGE_MAX_ENTRIES = 50
/** What is older is an unread count and nothing more. It bounds how far back a room that was never heard of is read. */
const TOLD_MAX_AGE_MS = 30 * 24 * 3_600_000
/** Who wants everything of a room, in one question. */
const LISTENERS_MAX = 10_000

export function createTakeEntries(
  dependencies: NotificationsDependencies,
): (item: WorkItem) => Promise<void> {
  return async (item) => {
    const { heads } = workBodies['room.entries'].parse(JSON.parse(item.body))
    for (const [room, head] of Object.entries(heads)) {
      while (await takeStep(dependencies, room, head));
    }
  }
}

/** False when there was nothing left to do. */
async function takeStep(
  dependencies: NotificationsDependencies,
  room: string,
  head: number,
): Promise<boolean> {
  const { database, rooms, clock } = dependencies
  const { rows } = await database.query<{ seq: number }>(
    'select seq from notifications.room where room_id = $1',
    [room],
    'notifications.position',
  )
  const after = rows[0]?.seq ?? 0
  if (after >= head) return false
  const tellable = await rooms.listTellable({
    room,
    after,
    upto: head,
    since: Math.max(0, clock.now() - TOLD_MAX_AGE_MS),
    limit: PAGE_MAX_ENTRIES,
  })
  const hasMessage = tellable.entries.some((entry) => entry.kind === 'message')
  const listeners = hasMessage ? await readListeners(dependencies, room) : []
  const candidates = findCandidates(tellable, listeners)
  for (const batch of batchesOf(candidates)) await tellMembers(dependencies, batch)
  await database.query(
    `insert into notifications.room as r (room_id, seq) values ($1, $2)
     on conflict (room_id) do update set seq = greatest(r.seq, excluded.seq)`,
    [room, tellable.through],
    'notifications.move',
  )
  return tellable.through < head
}

/** A message and an edit of it may be about the same person and place. */
function* batchesOf(candidates: readonly Candidate[]): Generator<Candidate[]> {
  const distinct = new Map(candidates.map((one) => [`${one.user} ${one.seq}`, one]))
  const all = [...distinct.values()]
  for (let from = 0; from < all.length; from += TELL_MAX) yield all.slice(from, from + TELL_MAX)
}

async function readListeners({ database }: NotificationsDependencies, room: string): Promise<string[]> {
  const { rows } = await database.query<{ user_id: string }>(
    `select user_id from notifications.level where room_id = $1 and level = 'all' order by user_id limit ${LISTENERS_MAX}`,
    [room],
    'notifications.listeners',
  )
  return rows.map(({ user_id }) => user_id)
}
