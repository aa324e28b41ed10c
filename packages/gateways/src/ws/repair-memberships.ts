/**
 * Who came and went while the bus could not say so: asked of the rooms service, for the people connected here.
 *
 * The cursor must be older than the first message that was lost, and a bus is gone for a while before anybody notices.
 * So while all is well the lagging cursor of heartbeats is fetched now and then; it is ten seconds old, which is more.
 */
import { CHANGED_MEMBERSHIPS_MAX_USERS, type Log, type RoomsService } from '@parley/contracts'
import type { Room } from '@parley/protocol'

/** Beyond this, who could not be told is not tried again: everybody is looked at anew instead. */
const UNTOLD_MAX = 10_000
/** A cursor this many seconds older costs nothing but a few repetitions. */
const ADVANCE_EVERY_TURNS = 5
/** `listRoomIds` calls at once. */
const PARALLEL_MAX = 20

export interface MembershipRepairParts {
  readonly rooms: Pick<RoomsService, 'changedMemberships' | 'currentCursor' | 'listRoomIds'>
  readonly log: Log
  /** The people connected here. */
  readonly users: () => readonly string[]
  /** Rooms that some ready connection of this user receives. */
  readonly roomsOf: (user: string) => Iterable<string>
  /** Attaches and tells those connections that lack the room. False when that failed and is worth another try. */
  readonly onMember: (user: string, room: string) => Promise<boolean>
  /** Detaches and tells those connections that still have it; without facts nothing true can be said of the room. */
  readonly onEnded: (user: string, room: string, facts: Room | undefined) => void
}

export interface MembershipRepair {
  /** While the bus is there, every second: keeps the place from which a loss would be repaired. Never throws. */
  keepUp(): Promise<void>
  /** Looks up what changed and tells it. Never throws; what could not be done is done the next time. */
  repair(): Promise<void>
  /** More was lost than the place that was kept covers: the next repair looks at everybody. */
  distrust(): void
  /** This user could not be told that the room is theirs: the next call of either tries again. */
  tellLater(user: string, room: string): void
}

export function createMembershipRepair(parts: MembershipRepairParts): MembershipRepair {
  const { rooms, log } = parts
  let cursor: string | undefined
  /** Who is a member and could not be told, as `user room`. */
  let untold = new Map<string, { user: string; room: string }>()
  /** Everybody must be looked at anew, and that has not succeeded yet. */
  let behind = false
  let running: Promise<void> | undefined
  /** A repair was begun and has not succeeded: its place must not be given up. */
  let owed = false
  let failing = false
  let turn = 0

  function tellLater(user: string, room: string): void {
    if (untold.size < UNTOLD_MAX) untold.set(`${user} ${room}`, { user, room })
    else behind = true
  }

  async function tell(user: string, room: string): Promise<void> {
    if (!(await parts.onMember(user, room))) tellLater(user, room)
  }

  async function tellAgain(): Promise<void> {
    const again = untold
    untold = new Map()
    for (const { user, room } of again.values()) await tell(user, room)
  }

  /** All groups of all users from one place on; the next place is that of the first answer, for what changed meanwhile. */
  async function compare(from: string): Promise<void> {
    const asked = new Set<string>()
    let next: string | undefined
    for (;;) {
      // Who connected meanwhile read a list that may be older than the next place.
      const users = parts.users().filter((user) => !asked.has(user))
      if (users.length === 0) break
      for (let start = 0; start < users.length; start += CHANGED_MEMBERSHIPS_MAX_USERS) {
        const group = users.slice(start, start + CHANGED_MEMBERSHIPS_MAX_USERS)
        for (const user of group) asked.add(user)
        const answer = await readChanges(parts, tell, group, from)
        if (answer.reset) behind = true
        next ??= answer.cursor
      }
    }
    cursor = next ?? from
  }

  async function run(): Promise<void> {
    await tellAgain()
    if (cursor === undefined) {
      // Everything that happens after this answer is found by its cursor, everything before by looking.
      cursor = (await rooms.changedMemberships({ users: [] })).cursor
      behind = true
    } else await compare(cursor)
    if (!behind) return
    behind = false
    await lookAtEverybody(parts, tell).catch((error: unknown) => {
      behind = true
      throw error
    })
  }

  async function advance(): Promise<void> {
    await tellAgain()
    if (turn++ % ADVANCE_EVERY_TURNS !== 0) return
    const { cursor: lagging } = await rooms.currentCursor({})
    if (lagging !== null) cursor = lagging
  }

  async function repairOnce(): Promise<void> {
    owed = true
    try {
      await run()
      owed = false
      if (failing) log.info({}, 'memberships are compared again')
      failing = false
    } catch (error) {
      // Once an outage, not once a second.
      if (!failing) log.warn({ error: String(error) }, 'memberships not compared')
      failing = true
    }
  }

  function repair(): Promise<void> {
    running ??= repairOnce().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    repair,
    // Not a word when it fails: the older cursor does as well, only more is read with it.
    keepUp: () => (owed ? repair() : advance().catch(() => {})),
    distrust() {
      behind = true
    },
    tellLater,
  }
}

type Tell = (user: string, room: string) => Promise<void>

/** All pages of one group. */
async function readChanges(
  { rooms, onEnded }: MembershipRepairParts,
  tell: Tell,
  users: readonly string[],
  from: string,
): Promise<{ cursor: string; reset: boolean }> {
  for (let at = from; ; ) {
    const answer = await rooms.changedMemberships({ users: [...users], cursor: at })
    for (const { user, room, member, facts } of answer.changes) {
      if (member) await tell(user, room)
      else onEnded(user, room, facts)
    }
    at = answer.cursor
    if (!answer.more) return { cursor: at, reset: answer.reset }
  }
}

/** Costs a call a user, and happens only when a cursor is worth nothing: a restored backup, a start without a bus. */
async function lookAtEverybody(
  { rooms, users: connected, roomsOf, onEnded }: MembershipRepairParts,
  tell: Tell,
): Promise<void> {
  const users = connected()
  for (let start = 0; start < users.length; start += PARALLEL_MAX) {
    await Promise.all(
      users.slice(start, start + PARALLEL_MAX).map(async (user) => {
        const had = [...roomsOf(user)]
        const mine = new Set((await rooms.listRoomIds({ user })).rooms)
        for (const room of had) if (!mine.has(room)) onEnded(user, room, undefined)
        for (const room of mine) await tell(user, room)
      }),
    )
  }
}
