/** Tells those who look when a user comes, goes or steps away: only what changed, and what changes together once. */
import { type Bus, type Clock, type Log, OFFLINE_GRACE_MS, presenceTopic } from '@parley/contracts'
import type { Presence, PresenceState } from '@parley/protocol'
import type { SessionsStore, UserSessions } from './sessions-store.ts'

/** A reload closes one connection and opens the next; many of a dead gateway end in one moment. */
const COALESCE_MS = 100

/** How a user looks to others at this moment. */
export function describePresence(user: string, sessions: UserSessions, nowMs: number): Presence {
  const { connections, left } = sessions
  if (connections.length > 0) {
    return { user, state: connections.some(({ state }) => state === 'online') ? 'online' : 'away' }
  }
  if (left === undefined) return { user, state: 'offline' }
  if (nowMs - left.at < OFFLINE_GRACE_MS) return { user, state: left.state }
  return { user, state: 'offline', last_seen_at: left.at }
}

export interface PresenceTeller {
  /** Something about these users may have changed. */
  touch(users: readonly string[]): void
  close(): void
}

export function createPresenceTeller(deps: {
  store: SessionsStore
  bus: Bus
  clock: Clock
  log: Log
}): PresenceTeller {
  const { store, bus, clock, log } = deps
  /** What was published last, of those who are not offline. */
  const told = new Map<string, PresenceState>()
  const graces = new Map<string, () => void>()
  const touched = new Set<string>()
  let cancelFlush: (() => void) | undefined
  let closed = false

  function touch(users: readonly string[]): void {
    if (closed) return
    for (const user of users) touched.add(user)
    if (touched.size === 0 || cancelFlush !== undefined) return
    cancelFlush = clock.after(COALESCE_MS, () => {
      cancelFlush = undefined
      flush().catch((error: unknown) => log.warn({ error }, 'presence was not published'))
    })
  }

  async function flush(): Promise<void> {
    const users = [...touched]
    touched.clear()
    const found = await store.read(users)
    const now = clock.now()
    users.forEach((user, i) => {
      const sessions = found[i]
      if (sessions === undefined || closed) return
      lookAgainAfterGrace(user, sessions, now)
      tell(describePresence(user, sessions, now))
    })
  }

  function tell(presence: Presence): void {
    const { user, state } = presence
    if (state === (told.get(user) ?? 'offline')) return
    if (state === 'offline') told.delete(user)
    else told.set(user, state)
    bus.publish(presenceTopic(user), JSON.stringify(presence))
  }

  function lookAgainAfterGrace(user: string, { left }: UserSessions, now: number): void {
    const remaining = left === undefined ? 0 : left.at + OFFLINE_GRACE_MS - now
    // One timer a user, however often somebody comes and goes: if it is early, this runs again.
    if (remaining <= 0 || graces.has(user)) return
    const cancel = clock.after(remaining, () => {
      graces.delete(user)
      touch([user])
    })
    graces.set(user, cancel)
  }

  return {
    touch,
    close() {
      closed = true
      cancelFlush?.()
      for (const cancel of graces.values()) cancel()
    },
  }
}
