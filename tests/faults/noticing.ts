/** What people notice of a fault besides their messages: their connection, their rooms, who is there. */
import { expect } from 'vitest'
import { type Person, storedBodies, until } from '../scenarios/topology.ts'
import { type Member, newestShown, type Talk } from './crowd.ts'

/** Longer than any fault that is followed takes. */
const NOTICED_MAX_MS = 60_000

const now = () => performance.now()
const since = (start: number) => Math.round(now() - start)

/**
 * Of each member the milliseconds until it is connected again and was shown something new; undefined if its connection
 * outlives `over`. One whose other end was killed is known to be dead at once, long before another process is there.
 */
export function followMoves(
  members: readonly Member[],
  talk: Talk,
  over: Promise<unknown>,
): Promise<(number | undefined)[]> {
  const startedAt = now()
  return Promise.all(
    members.map(async ({ parley }) => {
      const cut = until(parley.connection, ({ status }) => status !== 'online', NOTICED_MAX_MS).then(
        () => true,
        () => false,
      )
      if (!(await Promise.race([cut, over.then(() => false)]))) return undefined
      await until(parley.connection, ({ status }) => status === 'online')
      const had = newestShown(parley, talk.room)
      await until(parley.timeline(talk.room), () => newestShown(parley, talk.room) > had)
      return since(startedAt)
    }),
  )
}

/** Adds somebody to the room of the talk; the milliseconds until a message said then stands on that screen. */
export async function addAndTell(talk: Talk, { parley, username }: Person): Promise<number> {
  const startedAt = now()
  await talk.members[0]?.parley.addMember(talk.room, username)
  await until(parley.room(talk.room), (room) => room !== undefined)
  const body = talk.say(0, ' welcome')
  const window = parley.timeline(talk.room)
  await until(window, () => storedBodies(parley, talk.room).includes(body))
  return since(startedAt)
}

/** The milliseconds until everybody is told to be online. */
export async function untilAllOnline(members: readonly Member[]): Promise<number> {
  const startedAt = now()
  const missing = async () => {
    const online = new Set((await members[0]?.parley.onlineUsers())?.map(({ id }) => id))
    return members.filter(({ id }) => !online.has(id)).length
  }
  await expect.poll(missing, { timeout: 30_000, interval: 100 }).toBe(0)
  return since(startedAt)
}

export interface PresenceWatch {
  /** How often somebody who is there was shown as gone. */
  readonly wronglyGone: number
  end(): void
}

/** The first member looks at all others, who are there and stay. Resolves when they are shown so. */
export async function watchPresence(members: readonly Member[]): Promise<PresenceWatch> {
  const [watcher, ...others] = members
  if (watcher === undefined) throw new Error('nobody')
  const { parley } = watcher
  const ends = [parley.watch(others.map(({ id }) => id))]
  let wronglyGone = 0
  for (const { id } of others) {
    const shown = parley.presence(id)
    await until(shown, (presence) => presence?.state === 'online')
    let last = shown.get()?.state
    ends.push(
      shown.subscribe(() => {
        const state = shown.get()?.state
        if (state !== last && state !== 'online') wronglyGone++
        last = state
      }),
    )
  }
  return {
    get wronglyGone() {
      return wronglyGone
    },
    end() {
      for (const end of ends) end()
    },
  }
}
