import { createInstance, type i18n } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { type Catalogue, en } from './en.ts'
import type { call } from './en-call.ts'
import type { callAround } from './en-call-around.ts'
import type { callTest } from './en-call-test.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    /** All but `translation` are loaded with what uses them. */
    resources: {
      translation: Catalogue
      call: typeof call
      callAround: typeof callAround
      callTest: typeof callTest
    }
  }
}

export const languages = ['en', 'vi'] as const
export type Language = (typeof languages)[number]

/** Each language in itself, for the switch. */
export const languageNames: Record<Language, string> = { en: 'English', vi: 'Tiếng Việt' }

/** English travels with the first load, because it is the fallback; the others when they are asked for. */
const loaders: Record<Exclude<Language, 'en'>, () => Promise<object>> = {
  vi: async () => (await import('./vi.ts')).vi,
}

export async function loadLanguage(instance: i18n, language: Language): Promise<void> {
  if (language !== 'en' && !instance.hasResourceBundle(language, 'translation'))
    instance.addResourceBundle(language, 'translation', await loaders[language]())
  await instance.changeLanguage(language)
}

export async function createI18n(language: Language): Promise<i18n> {
  const instance = createInstance()
  await instance.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    // React escapes what it renders.
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  })
  if (language !== 'en') await loadLanguage(instance, language)
  return instance
}

/** The stored choice, or the first of the browser's languages that we speak. */
export function pickLanguage(stored: string | null, wanted: readonly string[]): Language {
  for (const candidate of [stored ?? '', ...wanted]) {
    const found = languages.find((language) => candidate.toLowerCase().split('-')[0] === language)
    if (found !== undefined) return found
  }
  return 'en'
}
