import type { User } from '@parley/protocol'
import { useTranslation } from 'react-i18next'
import { useDates } from '../../hooks/use-dates.ts'
import { usePresence, useWatch } from '../../hooks/use-people.ts'
import { Avatar } from '../avatar.tsx'
import styles from './details.module.css'

/** The other one of a direct conversation. */
export function Person({ user }: { user: User }) {
  const { t } = useTranslation()
  const dates = useDates()
  useWatch([user.id])
  const presence = usePresence(user.id)
  const state = presence?.state ?? 'offline'
  const seen = presence?.last_seen_at
  return (
    <div className={styles.person}>
      <Avatar id={user.id} name={user.display_name} size={72} presence={state} picture={user.avatar_url} />
      <p className={styles.name}>{user.display_name}</p>
      <p className={styles.facts}>@{user.username}</p>
      <p className={styles.facts}>
        {state === 'offline' && seen !== undefined
          ? t('presence.lastSeen', { when: dates.ago(seen) })
          : t(`presence.${state}`)}
      </p>
    </div>
  )
}
