import { useTranslation } from 'react-i18next'
import { usePreferences } from '../../app/context.ts'
import { themes } from '../../app/preferences.ts'
import { useStore } from '../../hooks/use-store.ts'
import { languages } from '../../i18n/create-i18n.ts'
import styles from './settings.module.css'

/** Each language is written in itself, for those who look for theirs. */
const languageNames = { en: 'English', vi: 'Tiếng Việt' } as const

export function Appearance() {
  const { t } = useTranslation()
  const preferences = usePreferences()
  const { theme, language } = useStore(preferences)
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
        onChoose={preferences.setLanguage}
      />
    </>
  )
}

interface ChoicesProps<Value extends string> {
  readonly name: string
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  readonly onChoose: (value: Value) => void
}

function Choices<Value extends string>({ name, label, value, options, onChoose }: ChoicesProps<Value>) {
  return (
    <fieldset className={styles.choices}>
      <legend>{label}</legend>
      <div className={styles.options}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
