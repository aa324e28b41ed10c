import { lazy, Suspense, useEffect } from 'react'
import { ErrorBoundary } from '../../app/error-boundary.tsx'
import { useFromCalls } from './use-call-of.ts'

const load = () => import('./ringing.tsx')
const Ringing = lazy(load)

/** The first seconds belong to what is looked at. */
const LOAD_AFTER_MS = 4_000

/**
 * Where calls ring. What is needed for it is fetched soon after the start, so that a call rings at once, and also in a tab
 * that is older than the server's present release.
 */
export function RingingPlace() {
  const rings = useFromCalls(({ ringing }) => ringing.length > 0)
  useEffect(() => {
    const timer = setTimeout(() => void load().catch(() => undefined), LOAD_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  return rings ? (
    <ErrorBoundary>
      <Suspense>
        <Ringing />
      </Suspense>
    </ErrorBoundary>
  ) : null
}
