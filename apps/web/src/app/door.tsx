import { Redirect, Route, Switch, useLocation, useSearch } from 'wouter'
import { ForgotScreen } from '../screens/forgot.tsx'
import { LoginScreen } from '../screens/login.tsx'
import { RegisterScreen } from '../screens/register.tsx'
import { ResetScreen } from '../screens/reset.tsx'
import { VerifyScreen } from '../screens/verify.tsx'
import { links } from './links.ts'

/** What somebody who is not signed in sees, and where the links of letters lead. Loaded apart: whoever is signed in needs none of it. */
export default function Door() {
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
      <Route path={links.resetPassword}>
        <ResetScreen />
      </Route>
      <Route path={links.verifyEmail}>
        <VerifyScreen />
      </Route>
      <Route>
        <Redirect to={links.login + here} replace />
      </Route>
    </Switch>
  )
}
