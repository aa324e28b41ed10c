import type { Parley } from '@parley/sdk/api'
import { createContext, use } from 'react'
import type { KeyValue, Preferences } from './preferences.ts'

/** What every screen may ask for; made in `main.tsx` and nowhere else. */
export interface AppServices {
  readonly parley: Parley
  readonly preferences: Preferences
  /** What this browser remembers; may forget at any time. */
  readonly storage: KeyValue
}

export const AppContext = createContext<AppServices | null>(null)

function useServices(): AppServices {
  const services = use(AppContext)
  if (services === null) throw new Error('A screen was rendered outside <Providers>.')
  return services
}

export const useParley = (): Parley => useServices().parley
export const usePreferences = (): Preferences => useServices().preferences
export const useStorage = (): KeyValue => useServices().storage
