import type { Notification } from '@parley/protocol'
import { Check, Phone, Video } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useParley } from '../../app/context.ts'
import { links } from '../../app/links.ts'
import { useDates } from '../../hooks/use-dates.ts'
import { useUser } from '../../hooks/use-people.ts'
import { useStore } from '../../hooks/use-store.ts'
import { Avatar } from '../avatar.tsx'
import { IconButton } from '../icon-button.tsx'
import { plainText } from '../markdown/plain-text.ts'
import { useAroundTexts } from '../ringing/around-texts.ts'
import { useToasts } from '../toasts.tsx'
import styles from './inbox.module.css'
import { useSentence } from './use-sentence.ts'

/** One item: opens what it is about, and is read with that. */
export function InboxRow({ item }: { item: Notification }) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const dates = useDates()
  const sentence = useSentence()
  const author = useUser(item.from)
  const room = useStore(parley.room(item.room))
  const name = author?.display_name ?? t('conversation.unknownUser')
  const isUnread = item.read_at === undefined
  const read = () => {
    if (isUnread) void parley.inbox.read([item.id]).catch(toasts.fail)
  }
  const isCall = item.kind === 'call'
  const isAboutRoom = isCall || item.kind === 'added'
  const preview = isAboutRoom ? '' : plainText(item.preview)
  const isGone = item.preview === '' && (!isCall || room === undefined)
  return (
    <li className={styles.item} data-unread={isUnread || undefined}>
      <Link
        to={isAboutRoom ? links.room(item.room) : links.message(item.room, item.seq)}
        className={styles.row}
        onClick={read}
      >
        <Avatar id={item.from} name={name} kind="direct" />
        <span className={styles.text}>
          <span className={styles.head}>
            <span className={styles.sentence}>
              {isUnread ? <span className="hidden">{`${t('inbox.new')} `}</span> : null}
              {sentence(item.kind, name, room)}
            </span>
            <time className={styles.time} dateTime={new Date(item.at).toISOString()}>
              {dates.short(item.at)}
            </time>
          </span>
          {preview === '' ? null : <span className={styles.preview}>{preview}</span>}
          {isCall && room !== undefined ? <CallBack media={item.media} /> : null}
          {isGone ? (
            <span className={styles.gone}>
              {room === undefined ? t('inbox.roomGone') : t('rooms.deleted')}
            </span>
          ) : null}
        </span>
      </Link>
      {isUnread ? <IconButton icon={Check} small label={t('inbox.read')} onClick={read} /> : null}
    </li>
  )
}

/** The room is where one calls back. */
function CallBack({ media }: Pick<Notification, 'media'>) {
  const { t } = useAroundTexts()
  const Icon = media === 'video' ? Video : Phone
  return (
    <span className={styles.call}>
      <Icon size={16} aria-hidden="true" />
      {t('line.back')}
    </span>
  )
}
