/** What this device's person chose for calls: kept in the browser. */

import type { Store } from '@parley/sdk/api'
import type { CallPreferences as SdkPreferences } from '@parley/sdk/calls/call-types'
import { useStorage } from '../../app/context.ts'
import type { KeyValue } from '../../app/preferences.ts'
import { useCalls } from '../../hooks/use-calls.ts'
import { useStore } from '../../hooks/use-store.ts'

export interface CallPreferencesState extends SdkPreferences {
  /** Where sound comes out; the system's choice where it is left out. */
  readonly speaker?: string
  /** Holding the space bar opens a microphone that is off. */
  readonly pushToTalk: boolean
  /** Single letters switch microphone, camera and screen; some people's speech or hands press them by accident. */
  readonly letterKeys: boolean
}

/** `undefined` takes a choice of a device back. */
export type CallPreferencesChange = {
  readonly [Key in keyof CallPreferencesState]?: CallPreferencesState[Key] | undefined
}

export interface CallPreferences extends Store<CallPreferencesState> {
  change(change: CallPreferencesChange): void
}

export const callPreferencesKey = 'parley.calls'

const devices = ['microphone', 'camera', 'speaker'] as const
const switches = { noiseSuppression: true, relayOnly: false, pushToTalk: true, letterKeys: true } as const
const ID_MAX_CHARS = 256

/** Whatever else was stored is left out. */
export function parseCallPreferences(text: string | null): CallPreferencesState {
  const stored = parseObject(text)
  const flag = (name: keyof typeof switches) => {
    const value = stored[name]
    return typeof value === 'boolean' ? value : switches[name]
  }
  const ids = devices.flatMap((name) => {
    const id = stored[name]
    return typeof id === 'string' && id !== '' && id.length <= ID_MAX_CHARS ? [[name, id] as const] : []
  })
  return {
    ...Object.fromEntries(ids),
    noiseSuppression: flag('noiseSuppression'),
    relayOnly: flag('relayOnly'),
    pushToTalk: flag('pushToTalk'),
    letterKeys: flag('letterKeys'),
  }
}

function parseObject(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

export function createCallPreferences(storage: KeyValue): CallPreferences {
  let state = parseCallPreferences(storage.getItem(callPreferencesKey))
  const listeners = new Set<() => void>()
  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    change(change) {
      const text = JSON.stringify({ ...state, ...change })
      storage.setItem(callPreferencesKey, text)
      state = parseCallPreferences(text)
      for (const listener of listeners) listener()
    },
  }
}

/** Settings and calls are loaded apart and share one of them for each storage. */
const shared = new WeakMap<KeyValue, CallPreferences>()

export function callPreferencesOf(storage: KeyValue): CallPreferences {
  const known = shared.get(storage)
  if (known !== undefined) return known
  const made = createCallPreferences(storage)
  shared.set(storage, made)
  return made
}

/**
 * Follows changes of this page. `change` stores and tells the SDK, and rejects with the browser's error where the present
 * call cannot use the device.
 */
export function useCallPreferences(): CallPreferencesState & {
  change(change: CallPreferencesChange): Promise<void>
} {
  const preferences = callPreferencesOf(useStorage())
  const calls = useCalls()
  const change = (next: CallPreferencesChange) => {
    preferences.change(next)
    return calls.setPreferences(forSdk(preferences.get()))
  }
  return { ...useStore(preferences), change }
}

/** The part that the SDK is told. */
export function forSdk(preferences: CallPreferencesState): SdkPreferences {
  const { speaker: _, pushToTalk: __, letterKeys: ___, ...rest } = preferences
  return rest
}
