/**
 * The consumer of the queue `notifications.entries`. Idempotent by `(room, seq)`: how far a room was looked at is a row
 * of its own, and an item exists once per person and message; what is repeated, late or overtaken adds nothing.
 */
import { type WorkItem, workBodies } from '@parley/contracts'
import type { Entry } from '@parley/protocol'
import { closeItems, type End } from './close-items.ts'
import type { NotificationsDependencies } from './dependencies.ts'
import { type Candidate, findCandidates, type Tellable } from './find-candidates.ts'
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
  const { rooms, clock } = dependencies
  const after = await readPosition(dependencies, room)
  // Also where nothing is new: a deleted room says so under its last head.
  const tellable = await rooms.listTellable({
    room,
    after,
    upto: Math.max(after, head),
    since: Math.max(0, clock.now() - TOLD_MAX_AGE_MS),
    limit: PAGE_MAX_ENTRIES,
  })
  if (after >= head && tellable.gone !== true) return false
  const hasMessage = tellable.entries.some((entry) => entry.kind === 'message')
  const listeners = hasMessage ? await readListeners(dependencies, room) : []
  let seq = after
  for (const part of partsOf(tellable)) {
    const candidates = findCandidates({ ...tellable, entries: part.entries }, listeners)
    for (const batch of batchesOf(candidates))
      if (!(await tellMembers(dependencies, batch, { room, seq }))) return true
    if (!(await closeItems(dependencies, { room, after: seq, through: part.through, ends: part.ends })))
      return true
    seq = part.through
  }
  return seq < head
}

async function readPosition({ database }: NotificationsDependencies, room: string): Promise<number> {
  const { rows } = await database.query<{ seq: number }>(
    'select seq from notifications.room where room_id = $1',
    [room],
    'notifications.position',
  )
  if (rows[0] !== undefined) return rows[0].seq
  // There must be a row that those who tell and those who take back can wait for.
  await database.query(
    'insert into notifications.room (room_id, seq) values ($1, 0) on conflict do nothing',
    [room],
    'notifications.begin',
  )
  return 0
}

interface Part {
  readonly entries: readonly Entry[]
  readonly ends: readonly End[]
  readonly through: number
}

/** In the order of the log: what is said, then what ends some of that and of what was before. Some do both. */
function partsOf({ entries, through, gone }: Tellable): Part[] {
  if (gone === true) return [{ entries: [], ends: ['all'], through }]
  const parts: { entries: Entry[]; ends: End[]; through: number }[] = []
  let part: (typeof parts)[number] | undefined
  for (const entry of entries) {
    const end = endOf(entry)
    const isSaid = end === undefined || entry.call?.rung !== undefined
    if (part === undefined || (isSaid && part.ends.length > 0)) {
      part = { entries: [], ends: [], through: entry.seq }
      parts.push(part)
    }
    part.through = entry.seq
    if (isSaid) part.entries.push(entry)
    if (end !== undefined) part.ends.push(end)
  }
  if (part === undefined) return [{ entries: [], ends: [], through }]
  part.through = through
  return parts
}

function endOf({ kind, seq, target, user, from, call }: Entry): End | undefined {
  if (kind === 'leave' && user !== undefined) return { user, upto: seq }
  if (kind === 'delete' && target !== undefined) return { seq: target }
  if (call?.line === 'joined') return { silent: [from] }
  // Rings no longer for those who did not answer, nor for anybody else where it is over.
  if (call?.line === 'unanswered' || call?.line === 'missed' || call?.line === 'ended')
    return { silent: 'all' }
  return undefined
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
