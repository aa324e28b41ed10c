/** Tells those who look when a user comes, goes or steps away: only what changed, and what changes together once. */
import { type Bus, type Clock, type Log, presenceTopic, type SessionsStore } from '@parley/contracts'

/** A reload closes one connection and opens the next; many of a dead gateway end in one moment. */
const COALESCE_MS = 100

export interface PresenceTeller {
  /** Something about these users may have changed. */
  touch(users: readonly string[]): void
  close(): void
}

/**
 * What was told is the store's to know, so that of several replicas one tells it. A replica looks at what it changed
 * itself; should it die before, the store names the user to whoever sweeps next.
 */
export function createPresenceTeller(deps: {
  store: SessionsStore
  bus: Bus
  clock: Clock
  log: Log
}): PresenceTeller {
  const { store, bus, clock, log } = deps
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
      // Not lost: the store names these users again.
      flush().catch((error: unknown) => log.debug({ error }, 'presence was not published'))
    })
  }

  async function flush(): Promise<void> {
    const users = [...touched]
    touched.clear()
    for (const { presence, changed, againAt } of await store.look(users, clock.now())) {
      // Told even if closed meanwhile: the store counts it as told.
      if (changed) bus.publish(presenceTopic(presence.user), JSON.stringify(presence))
      if (againAt !== undefined && !closed) lookAgain(presence.user, againAt)
    }
  }

  function lookAgain(user: string, at: number): void {
    // One timer a user, however often somebody comes and goes: if it is early, this runs again.
    if (graces.has(user)) return
    const cancel = clock.after(at - clock.now(), () => {
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
