import { useTranslation } from 'react-i18next'
import { useParley, usePreferences } from '../../app/context.ts'
import { themes } from '../../app/preferences.ts'
import { useStore } from '../../hooks/use-store.ts'
import { type Language, languages } from '../../i18n/create-i18n.ts'
import { Choices } from '../choices.tsx'

/** Each language is written in itself, for those who look for theirs. */
const languageNames = { en: 'English', vi: 'Tiếng Việt' } as const

export function Appearance() {
  const { t } = useTranslation()
  const preferences = usePreferences()
  const { theme, language } = useStore(preferences)
  const parley = useParley()
  const setLanguage = (next: Language) => {
    preferences.setLanguage(next)
    // Letters follow; that they might not is no reason to complain about the page.
    parley.email.change({ locale: next }).catch(() => undefined)
  }
  return (
    <>
      <Choices
        name="theme"
        label={t('settings.theme')}
        value={theme}
        options={themes.map((value) => ({ value, label: t(`settings.themes.${value}`) }))}
        onChoose={preferences.setTheme}
      />
      <Choices
        name="language"
        label={t('settings.language')}
        value={language}
        options={languages.map((value) => ({ value, label: languageNames[value] }))}
        onChoose={setLanguage}
      />
    </>
  )
}
