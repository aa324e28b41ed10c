import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Route, Switch, useRoute } from 'wouter'
import { usePush } from '../hooks/use-push.ts'
import { CallLayer } from '../parts/call/call-layer.tsx'
import { PreJoinContext, usePreJoinState } from '../parts/call/pre-join-store.ts'
import { useAlerts } from '../parts/inbox/use-alerts.ts'
import { RingingPlace } from '../parts/ringing/ringing-place.tsx'
import { SkeletonRows } from '../parts/skeleton.tsx'
import { NotFoundScreen } from '../screens/not-found.tsx'
import { RoomsPane } from '../screens/rooms.tsx'
import { WelcomeScreen } from '../screens/welcome.tsx'
import { ConnectionBanner } from './connection-banner.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { links } from './links.ts'
import { OverlayContext, type OverlayName, useOverlayState } from './overlays.ts'
import { Rail } from './rail.tsx'
import styles from './shell.module.css'
import { usePageTitle } from './use-page-title.ts'

const ConversationScreen = lazy(() =>
  import('../screens/conversation.tsx').then((module) => ({ default: module.ConversationScreen })),
)
const PeopleScreen = lazy(() => import('../screens/people.tsx'))
const DiscoverScreen = lazy(() => import('../screens/discover.tsx'))
const SearchScreen = lazy(() => import('../screens/search.tsx'))
const InboxScreen = lazy(() => import('../screens/inbox.tsx'))
const SettingsScreen = lazy(() => import('../screens/settings.tsx'))
const CallTestScreen = lazy(() => import('../screens/call-test.tsx'))
const StartDialog = lazy(() => import('../parts/start/start-dialog.tsx'))
const Switcher = lazy(() => import('../parts/switcher/switcher.tsx'))

/** Rail, list and main pane side by side; on a phone one of them, with the rail as a bar below. */
export function Shell() {
  const { t } = useTranslation()
  const [atHome] = useRoute(links.home)
  const [inRoom] = useRoute('/r/:room/*?')
  const overlays = useOverlayState()
  const preJoin = usePreJoinState()
  usePageTitle()
  useAlerts()
  usePush()
  useSwitcherKey(overlays.open)

  return (
    <OverlayContext value={overlays}>
      <PreJoinContext value={preJoin}>
        <a className={styles.skip} href="#main">
          {t('app.skip')}
        </a>
        <div className={styles.shell} data-pane={atHome ? 'list' : 'main'} data-room={inRoom || undefined}>
          <Rail />
          <div className={styles.body}>
            <ConnectionBanner />
            {/* The list belongs to it: on a phone it is all there is. */}
            <main className={styles.panes}>
              <RoomsPane />
              <div id="main" tabIndex={-1} className={styles.main}>
                <ErrorBoundary>
                  <Suspense fallback={<SkeletonRows count={8} height={64} />}>
                    <MainRoutes />
                  </Suspense>
                </ErrorBoundary>
              </div>
              <CallLayer />
            </main>
          </div>
        </div>
        <Overlays name={overlays.name} onClose={overlays.close} />
        <RingingPlace />
      </PreJoinContext>
    </OverlayContext>
  )
}

function MainRoutes() {
  return (
    <Switch>
      <Route path={links.home}>
        <WelcomeScreen />
      </Route>
      <Route path="/r/:room/:seq?">
        {({ room, seq }) => <ConversationScreen key={room} room={room} seq={seq} />}
      </Route>
      <Route path={links.people}>
        <PeopleScreen />
      </Route>
      <Route path={links.discover}>
        <DiscoverScreen />
      </Route>
      <Route path={links.search}>
        <SearchScreen />
      </Route>
      <Route path={links.inbox}>
        <InboxScreen />
      </Route>
      <Route path={links.callTest}>
        <CallTestScreen />
      </Route>
      <Route path={links.settings}>
        <SettingsScreen />
      </Route>
      <Route>
        <NotFoundScreen />
      </Route>
    </Switch>
  )
}

/** Dialogs are loaded when they are first opened, and stay mounted so that they can close calmly. */
function Overlays({ name, onClose }: { name: OverlayName | null; onClose: () => void }) {
  const [used, setUsed] = useState<ReadonlySet<OverlayName>>(new Set())
  if (name !== null && !used.has(name)) setUsed(new Set([...used, name]))
  return (
    <Suspense>
      {used.has('start') ? <StartDialog open={name === 'start'} onClose={onClose} /> : null}
      {used.has('switcher') ? <Switcher open={name === 'switcher'} onClose={onClose} /> : null}
    </Suspense>
  )
}

function useSwitcherKey(open: (name: OverlayName) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
      if (event.shiftKey || event.altKey) return
      event.preventDefault()
      open('switcher')
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [open])
}
