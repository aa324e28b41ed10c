import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import { useParley, usePreferences } from '../app/context.ts'
import type { OpenRequest } from '../service-worker/start-worker.ts'
import { useStore } from './use-store.ts'

/** Goes where a clicked notification leads, and lets the device speak the language of the page. */
export function usePush(): void {
  const { push } = useParley()
  const { language } = useStore(usePreferences())
  const [, navigate] = useLocation()
  const spoken = useRef(language)
  useEffect(() => {
    // Missing without TLS.
    const workers = (navigator as Partial<Navigator>).serviceWorker
    const onMessage = ({ data }: MessageEvent<Partial<OpenRequest> | null>) => {
      if (data?.type === 'parley.open' && data.path !== undefined) navigate(data.path)
    }
    workers?.addEventListener('message', onMessage)
    return () => workers?.removeEventListener('message', onMessage)
  }, [navigate])
  useEffect(() => {
    if (spoken.current === language) return
    spoken.current = language
    // Already on, so that nobody is asked; a device that could not be told now is told when it is switched on anew.
    if (push.get() === 'on') void push.enable(language).catch(() => undefined)
  }, [push, language])
}
