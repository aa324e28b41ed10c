import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useUsers } from '../../hooks/use-people.ts'
import { useCallPlace } from './call-place-context.ts'
import { callLength } from './quality-words.ts'
import styles from './stage.module.css'

const NAMES_MAX = 2

/** Why one is alone in a call; null: one is not. */
export function useWaiting(): string | null {
  const { t } = useTranslation()
  const { t: tc } = useTranslation('call')
  const { call, peers } = useCallPlace().current
  const ringing = call.participants.filter(({ standing }) => standing === 'ringing').map(({ user }) => user)
  const known = useUsers(ringing.slice(0, NAMES_MAX))
  if (peers.length > 0) return null
  if (ringing.length === 0) return tc(call.answered_at === undefined ? 'alone' : 'left')
  const first = known.map((user) => user?.display_name ?? t('conversation.unknownUser')).join(', ')
  const more = ringing.length - known.length
  return tc('calling', { names: more > 0 ? tc('callingMore', { names: first, count: more }) : first })
}

/** Why one is alone, else how long the call goes on. */
export function CallStatus() {
  const { answered_at } = useCallPlace().current.call
  const waiting = useWaiting()
  if (waiting === null && answered_at !== undefined) return <Clock from={answered_at} />
  return (
    <p className={styles.status} role="status">
      {waiting}
    </p>
  )
}

/** `from`: milliseconds since the epoch. */
function Clock({ from }: { from: number }) {
  const { t } = useTranslation('call')
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <p className={styles.status}>
      <span className="hidden">{t('length')} </span>
      <time className={styles.clock}>{callLength(now - from)}</time>
    </p>
  )
}
