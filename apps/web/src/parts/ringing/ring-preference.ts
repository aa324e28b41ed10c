/** Whether calls ring aloud on this device: kept in the browser. */
import type { Store } from '@parley/sdk/api'
import { useStorage } from '../../app/context.ts'
import type { KeyValue } from '../../app/preferences.ts'
import { useStore } from '../../hooks/use-store.ts'

export interface RingPreference extends Store<boolean> {
  set(aloud: boolean): void
}

const KEY = 'parley.ring'

export function createRingPreference(storage: KeyValue): RingPreference {
  let aloud = storage.getItem(KEY) !== 'off'
  const listeners = new Set<() => void>()
  return {
    get: () => aloud,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    set(next) {
      if (next) storage.removeItem(KEY)
      else storage.setItem(KEY, 'off')
      aloud = next
      for (const listener of listeners) listener()
    },
  }
}

/** Settings and ringing are loaded apart and share one of them for each storage. */
const shared = new WeakMap<KeyValue, RingPreference>()

export function useRingPreference(): readonly [boolean, (aloud: boolean) => void] {
  const storage = useStorage()
  const preference = shared.get(storage) ?? createRingPreference(storage)
  shared.set(storage, preference)
  return [useStore(preference), preference.set]
}
