import type { Parley } from '@parley/sdk/api'
import { createRoot } from 'react-dom/client'
import { createI18n, loadLanguage } from '../i18n/create-i18n.ts'
import '../styles/tokens.css'
import '../styles/base.css'
import { App } from './app.tsx'
import { createPreferences, quietStorage } from './preferences.ts'
import { Providers } from './providers.tsx'

/** Puts the client on the page: everything with a lifetime is made here. */
export async function mount(parley: Parley): Promise<void> {
  const storage = quietStorage(() => localStorage)
  const preferences = createPreferences(storage, document.documentElement, navigator.languages)
  const i18n = await createI18n(preferences.get().language)
  preferences.subscribe(() => {
    const { language } = preferences.get()
    if (language !== i18n.language) void loadLanguage(i18n, language)
  })
  const root = document.getElementById('root')
  if (root === null) throw new Error('index.html has no #root.')
  createRoot(root).render(
    <Providers services={{ parley, preferences, storage }} i18n={i18n}>
      <App />
    </Providers>,
  )
  await parley.start()
}
