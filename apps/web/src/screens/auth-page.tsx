import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { usePreferences } from '../app/context.ts'
import { useStore } from '../hooks/use-store.ts'
import { languageNames, languages } from '../i18n/create-i18n.ts'
import { Mark } from '../parts/mark.tsx'
import styles from './auth-page.module.css'

/** The one calm page in front of everything. */
export function AuthPage({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div className={styles.page}>
      <main className={styles.card}>
        <header className={styles.head}>
          <p className={styles.brand}>
            <Mark size={34} />
            {t('app.name')}
          </p>
          <h1 className={styles.title}>{title}</h1>
          <p className={styles.tagline}>{t('auth.tagline')}</p>
        </header>
        {children}
      </main>
      <LanguageSwitch />
    </div>
  )
}

function LanguageSwitch() {
  const { t } = useTranslation()
  const preferences = usePreferences()
  const { language } = useStore(preferences)
  return (
    <footer className={styles.languages}>
      {languages.map((one) => (
        <button
          key={one}
          type="button"
          lang={one}
          aria-pressed={one === language}
          aria-label={`${t('settings.language')}: ${languageNames[one]}`}
          className={styles.language}
          onClick={() => preferences.setLanguage(one)}
        >
          {languageNames[one]}
        </button>
      ))}
    </footer>
  )
}
