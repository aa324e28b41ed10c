import type { User } from '@parley/protocol'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useDates } from '../hooks/use-dates.ts'
import { useMe, usePresence } from '../hooks/use-people.ts'
import { LiveAvatar } from './avatar.tsx'
import styles from './person-row.module.css'

/** Somebody in a list, with what can be done at the end. The screen has to watch them. */
export function PersonRow({ user, children }: { user: User; children?: ReactNode }) {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <div className={styles.row}>
      <LiveAvatar user={user} />
      <span className={styles.text}>
        <span className={styles.name}>
          {user.display_name}
          {user.id === me.id ? <span className={styles.you}> · {t('people.you')}</span> : null}
        </span>
        <span className={styles.more}>
          @{user.username} <Since user={user} />
        </span>
      </span>
      {children}
    </div>
  )
}

function Since({ user }: { user: User }) {
  const { t } = useTranslation()
  const dates = useDates()
  const presence = usePresence(user.id)
  if (presence?.state !== 'offline' || presence.last_seen_at === undefined) return null
  return <>· {t('presence.lastSeen', { when: dates.ago(presence.last_seen_at) })}</>
}
