/** Theme and language of this device: kept in the browser, applied to the document element. */
import type { Store } from '@parley/sdk/api'
import { type Language, pickLanguage } from '../i18n/create-i18n.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

export interface PreferencesState {
  readonly theme: Theme
  readonly language: Language
}

export interface Preferences extends Store<PreferencesState> {
  setTheme(theme: Theme): void
  setLanguage(language: Language): void
}

/** Reading storage can throw where it is forbidden; then nothing is remembered. */
export interface KeyValue {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export function quietStorage(storage: () => KeyValue): KeyValue {
  const attempt = <Result>(work: (store: KeyValue) => Result, otherwise: Result): Result => {
    try {
      return work(storage())
    } catch {
      return otherwise
    }
  }
  return {
    getItem: (key) => attempt((store) => store.getItem(key), null),
    setItem: (key, value) => attempt((store) => store.setItem(key, value), undefined),
    removeItem: (key) => attempt((store) => store.removeItem(key), undefined),
  }
}

export function createPreferences(
  storage: KeyValue,
  root: HTMLElement,
  browserLanguages: readonly string[],
): Preferences {
  const stored = storage.getItem('parley.theme')
  let state: PreferencesState = {
    theme: themes.find((theme) => theme === stored) ?? 'system',
    language: pickLanguage(storage.getItem('parley.language'), browserLanguages),
  }
  const listeners = new Set<() => void>()

  function apply(): void {
    if (state.theme === 'system') delete root.dataset.theme
    else root.dataset.theme = state.theme
    root.lang = state.language
  }
  function change(next: Partial<PreferencesState>): void {
    state = { ...state, ...next }
    apply()
    for (const listener of listeners) listener()
  }

  apply()
  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    setTheme(theme) {
      storage.setItem('parley.theme', theme)
      change({ theme })
    },
    setLanguage(language) {
      storage.setItem('parley.language', language)
      change({ language })
    },
  }
}
