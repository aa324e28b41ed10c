import { lazy, Suspense, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Redirect, useLocation, useSearch } from 'wouter'
import { useAttention } from '../hooks/use-attention.ts'
import { useStore } from '../hooks/use-store.ts'
import { Mark } from '../parts/mark.tsx'
import styles from './app.module.css'
import { useParley } from './context.ts'
import { links, safeNext } from './links.ts'
import { Shell } from './shell.tsx'

const Door = lazy(() => import('./door.tsx'))

/** The gate: who is not signed in sees two pages and returns afterwards to where they wanted to go. */
export function App() {
  const session = useStore(useParley().session)
  const [path] = useLocation()
  // Links of letters work whoever is signed in here.
  const isLetter = path === links.verifyEmail || path === links.resetPassword
  if (isLetter || session.status === 'signed_out')
    return (
      <Suspense fallback={<Splash />}>
        <Door />
      </Suspense>
    )
  return session.status === 'unknown' ? <Splash /> : <SignedIn />
}

function Splash() {
  const { t } = useTranslation()
  return (
    <main className={styles.splash} aria-busy="true">
      <Mark size={48} />
      <h1 className="hidden">{t('app.loading')}</h1>
    </main>
  )
}

function SignedIn() {
  const parley = useParley()
  const attention = useAttention()
  const [path] = useLocation()
  const next = safeNext(new URLSearchParams(useSearch()).get('next'))
  useEffect(() => parley.setAttention(attention), [parley, attention])
  if (path === links.login || path === links.register || path === links.forgot)
    return <Redirect to={next} replace />
  return <Shell />
}
