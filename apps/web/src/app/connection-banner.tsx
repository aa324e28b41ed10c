import { CloudOff, LoaderCircle, Route } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useStore } from '../hooks/use-store.ts'
import styles from './connection-banner.module.css'
import { useParley } from './context.ts'

/** A short interruption is not worth a word. */
const patienceMs = 1_500

/** Says honestly how the line is, and nothing while it is well. */
export function ConnectionBanner() {
  const { t } = useTranslation()
  const parley = useParley()
  const { status, transport } = useStore(parley.connection)
  const waiting = status === 'connecting' || status === 'idle'
  const slow = useLasting(waiting, patienceMs)

  return (
    <div role="status" className={styles.place}>
      {status === 'offline' ? <Offline /> : null}
      {waiting && slow ? (
        <p className={styles.banner}>
          <LoaderCircle size={15} className={styles.turning} aria-hidden="true" />
          {t('connection.connecting')}
        </p>
      ) : null}
      {status === 'online' && transport !== null && transport !== 'socket' ? (
        <p className={styles.banner} data-calm="">
          <Route size={15} aria-hidden="true" />
          {t('connection.standby')}
        </p>
      ) : null}
    </div>
  )
}

function Offline() {
  const { t } = useTranslation()
  const parley = useParley()
  const { retryAt } = useStore(parley.connection)
  const seconds = useCountdown(retryAt)
  return (
    <p className={styles.banner}>
      <CloudOff size={15} aria-hidden="true" />
      <span>
        {/* The ticking number is for the eye; a screen reader hears the state once. */}
        <span className="hidden">{t('connection.offline')}</span>
        <span aria-hidden="true">
          {seconds === null ? t('connection.offline') : t('connection.offlineIn', { count: seconds })}
        </span>{' '}
        <span className={styles.more}>{t('connection.waiting')}</span>
      </span>
      <button type="button" className={styles.action} onClick={() => void parley.start()}>
        {t('connection.tryNow')}
      </button>
    </p>
  )
}

/** True once `condition` has held for `ms`. */
function useLasting(condition: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!condition) return
    const timer = setTimeout(() => setLasting(true), ms)
    return () => {
      clearTimeout(timer)
      setLasting(false)
    }
  }, [condition, ms])
  return lasting
}

/** Whole seconds until `at`, or null when nothing is due. */
function useCountdown(at: number | null): number | null {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (at === null) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [at])
  return at === null ? null : Math.max(0, Math.ceil((at - now) / 1_000))
}
