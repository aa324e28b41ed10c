import type { Store } from '@parley/sdk/api'

export interface Source<Value> extends Store<Value> {
  set(value: Value): void
}

export function createSource<Value>(initial: Value): Source<Value> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      value = next
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
