import type { RoomState } from '@parley/sdk/api'
import { PanelRight, Search } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { links } from '../../app/links.ts'
import { useDates } from '../../hooks/use-dates.ts'
import { usePresence, useWatch } from '../../hooks/use-people.ts'
import { Avatar } from '../avatar.tsx'
import { IconButton } from '../icon-button.tsx'
import { BackButton } from '../pane.tsx'
import { CallButtons } from '../ringing/call-buttons.tsx'
import styles from './conversation.module.css'

interface HeaderProps {
  readonly room: RoomState
  readonly title: string
  readonly details: boolean
  readonly onDetails: () => void
}

export function ConversationHeader({ room, title, details, onDetails }: HeaderProps) {
  const { t } = useTranslation()
  const [, navigate] = useLocation()
  const { peer } = room
  useWatch(peer === undefined ? [] : [peer.id])
  const presence = usePresence(peer?.id)
  return (
    <header className={styles.bar}>
      <BackButton />
      <Avatar
        id={peer?.id ?? room.id}
        name={title}
        kind={room.kind}
        picture={peer === undefined ? room.picture_url : peer.avatar_url}
        presence={peer === undefined ? undefined : (presence?.state ?? 'offline')}
      />
      <div className={styles.titles}>
        <h1 className={styles.title}>{title}</h1>
        <Subtitle room={room} />
      </div>
      <CallButtons room={room} />
      <IconButton
        icon={Search}
        label={t('conversation.searchHere')}
        onClick={() => navigate(links.searchIn(room.id))}
      />
      <IconButton
        icon={PanelRight}
        label={t('conversation.details')}
        aria-pressed={details}
        onClick={onDetails}
      />
    </header>
  )
}

function Subtitle({ room }: { room: RoomState }) {
  const { t } = useTranslation()
  const dates = useDates()
  const presence = usePresence(room.peer?.id)
  if (room.typing.length > 0) return <p className={styles.subtitle}>{t('rooms.typing')}</p>
  if (room.kind !== 'direct')
    return <p className={styles.subtitle}>{t('rooms.members', { count: room.member_count })}</p>
  const state = presence?.state ?? 'offline'
  const seen = presence?.last_seen_at
  return (
    <p className={styles.subtitle}>
      {state === 'offline' && seen !== undefined
        ? t('presence.lastSeen', { when: dates.ago(seen) })
        : t(`presence.${state}`)}
    </p>
  )
}
