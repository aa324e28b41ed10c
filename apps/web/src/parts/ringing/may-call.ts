/** Whether somebody may start calls on this server: asked once a page, because it hardly ever changes. */
import type { Role } from '@parley/protocol'
import type { Parley, Store } from '@parley/sdk/api'
import { useMemo } from 'react'
import { useParley } from '../../app/context.ts'
import { useStore } from '../../hooks/use-store.ts'

const known = new WeakMap<Parley, Store<boolean>>()

/** True until the server says no: what it refuses it refuses anyway. */
function permissionOf(parley: Parley): Store<boolean> {
  const before = known.get(parley)
  if (before !== undefined) return before
  let allowed = true
  let asked: 'not yet' | 'now' | 'answered' = 'not yet'
  const listeners = new Set<() => void>()
  const ask = () => {
    if (asked !== 'not yet') return
    asked = 'now'
    parley.permissions().then(
      ({ permissions }) => {
        asked = 'answered'
        allowed = permissions.start_call
        for (const listener of listeners) listener()
      },
      () => {
        asked = 'not yet'
      },
    )
  }
  const store: Store<boolean> = {
    get: () => allowed,
    subscribe(listener) {
      listeners.add(listener)
      ask()
      return () => listeners.delete(listener)
    },
  }
  known.set(parley, store)
  return store
}

/** The server decides anew; this only keeps people from being offered what it would refuse. */
export function useMayStartCall(role: Role | undefined): boolean {
  const parley = useParley()
  const allowed = useStore(useMemo(() => permissionOf(parley), [parley]))
  return allowed && role !== undefined && role !== 'reader'
}
