import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Redirect, Route, Switch, useLocation, useSearch } from 'wouter'
import { useAttention } from '../hooks/use-attention.ts'
import { useStore } from '../hooks/use-store.ts'
import { Mark } from '../parts/mark.tsx'
import { ForgotScreen } from '../screens/forgot.tsx'
import { LoginScreen } from '../screens/login.tsx'
import { RegisterScreen } from '../screens/register.tsx'
import { ResetScreen } from '../screens/reset.tsx'
import { VerifyScreen } from '../screens/verify.tsx'
import styles from './app.module.css'
import { useParley } from './context.ts'
import { links, safeNext } from './links.ts'
import { Shell } from './shell.tsx'

/** The gate: who is not signed in sees two pages and returns afterwards to where they wanted to go. */
export function App() {
  const session = useStore(useParley().session)
  const [path] = useLocation()
  // Links of letters work whoever is signed in here.
  if (path === links.verifyEmail) return <VerifyScreen />
  if (path === links.resetPassword) return <ResetScreen />
  switch (session.status) {
    case 'unknown':
      return <Splash />
    case 'signed_out':
      return <SignedOut />
    case 'signed_in':
      return <SignedIn />
  }
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

function SignedOut() {
  const [path] = useLocation()
  const search = useSearch()
  const here =
    path === links.home ? '' : `?next=${encodeURIComponent(path + (search === '' ? '' : `?${search}`))}`
  return (
    <Switch>
      <Route path={links.login}>
        <LoginScreen />
      </Route>
      <Route path={links.register}>
        <RegisterScreen />
      </Route>
      <Route path={links.forgot}>
        <ForgotScreen />
      </Route>
      <Route>
        <Redirect to={links.login + here} replace />
      </Route>
    </Switch>
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
