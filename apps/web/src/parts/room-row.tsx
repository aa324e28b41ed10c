import { UNREAD_CAP } from '@parley/protocol'
import type { RoomState } from '@parley/sdk/api'
import { PhoneCall } from 'lucide-react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { links } from '../app/links.ts'
import { useDates } from '../hooks/use-dates.ts'
import { useMe, usePresence, useUser } from '../hooks/use-people.ts'
import { useRoomTitle } from '../hooks/use-room-title.ts'
import { Avatar } from './avatar.tsx'
import { previewText } from './files/preview-text.ts'
import { useFromCalls } from './ringing/use-call-of.ts'
import styles from './room-list.module.css'

interface RoomRowProps {
  readonly room: RoomState
  readonly active: boolean
  readonly tabIndex: number
  readonly onFocus: (id: string) => void
}

export const RoomRow = memo(function RoomRow({ room, active, tabIndex, onFocus }: RoomRowProps) {
  const dates = useDates()
  const title = useRoomTitle()(room)
  const presence = usePresence(room.peer?.id)
  const unread = room.me?.unread ?? 0
  const calls = useFromCalls((state) => state.calls.some((call) => call.room === room.id))
  return (
    <li className={styles.item}>
      <Link
        to={links.room(room.id)}
        className={styles.row}
        aria-current={active ? 'page' : undefined}
        data-room={room.id}
        data-unread={unread > 0 || undefined}
        tabIndex={tabIndex}
        onFocus={() => onFocus(room.id)}
      >
        <Avatar
          id={room.peer?.id ?? room.id}
          name={title}
          kind={room.kind}
          picture={room.peer === undefined ? room.picture_url : room.peer.avatar_url}
          presence={room.peer === undefined ? undefined : (presence?.state ?? 'offline')}
        />
        <span className={styles.text}>
          <span className={styles.line}>
            <span className={styles.name}>{title}</span>
            <time className={styles.time} dateTime={new Date(room.last_at).toISOString()}>
              {dates.short(room.last_at)}
            </time>
          </span>
          <span className={styles.line}>
            <Preview room={room} />
            {calls ? <CallMark /> : null}
            {unread > 0 ? <UnreadBadge count={unread} /> : null}
          </span>
        </span>
      </Link>
    </li>
  )
})

function Preview({ room }: { room: RoomState }) {
  const { t } = useTranslation()
  const me = useMe()
  const last = room.last_message
  const author = useUser(room.kind === 'direct' || last?.from === me.id ? undefined : last?.from)
  if (room.typing.length > 0)
    return <span className={`${styles.preview} ${styles.typing}`}>{t('rooms.typing')}</span>
  if (last === undefined) return <span className={styles.preview}>{t('rooms.noMessages')}</span>
  const text = last.deleted === true ? t('rooms.deleted') : previewText(last, t)
  return (
    <span className={styles.preview}>
      {last.from === me.id
        ? t('rooms.you', { text })
        : author === undefined
          ? text
          : t('rooms.author', { name: author.display_name, text })}
    </span>
  )
}

function CallMark() {
  const { t } = useTranslation()
  return (
    <span className={styles.call}>
      <PhoneCall size={15} aria-hidden="true" />
      <span className="hidden">{t('rooms.call')}</span>
    </span>
  )
}

function UnreadBadge({ count }: { count: number }) {
  const { t } = useTranslation()
  const many = count >= UNREAD_CAP
  return (
    <span className={styles.badge}>
      <span aria-hidden="true">{many ? `${UNREAD_CAP - 1}+` : count}</span>
      <span className="hidden">{many ? t('rooms.unreadMany', { count }) : t('rooms.unread', { count })}</span>
    </span>
  )
}
