import { lazy, Suspense, useEffect, useState } from 'react'
import { useParley, useStorage } from '../../app/context.ts'
import { ErrorBoundary } from '../../app/error-boundary.tsx'
import { useStore } from '../../hooks/use-store.ts'
import { usePreJoin } from './pre-join-store.ts'

const CallRoot = lazy(() => import('./call-root.tsx'))

/** Where calls appear. Everything of them is loaded when there is something to show, and stays to tell how a call ended. */
export function CallLayer() {
  const { calls } = useParley()
  const storage = useStorage()
  const { current, entering } = useStore(calls)
  const { ask } = usePreJoin()
  const [used, setUsed] = useState(false)
  if (!used && (current !== null || entering !== null || ask !== null)) setUsed(true)
  useEffect(() => {
    // Who chose nothing has what the SDK begins with; `parley.calls` is the key of the preferences.
    if (storage.getItem('parley.calls') !== null)
      void import('./call-preferences.ts')
        .then(({ callPreferencesOf, forSdk }) =>
          calls.setPreferences(forSdk(callPreferencesOf(storage).get())),
        )
        // They are applied again before a call.
        .catch(() => undefined)
  }, [calls, storage])
  return used ? (
    <ErrorBoundary>
      <Suspense>
        <CallRoot />
      </Suspense>
    </ErrorBoundary>
  ) : null
}
