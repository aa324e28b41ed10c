import type { TimelineNotice } from '@parley/sdk/api'
import { LogIn, LogOut, PenLine, Pin, PinOff, ShieldCheck } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useDates } from '../../hooks/use-dates.ts'
import { useUser } from '../../hooks/use-people.ts'
import { useConversation } from '../conversation/context.ts'
import styles from './timeline.module.css'

const icons = { join: LogIn, leave: LogOut, role: ShieldCheck, rename: PenLine, pin: Pin, unpin: PinOff }

/** What happened between the messages, in one quiet line. */
export function Notice({ notice }: { notice: TimelineNotice }) {
  const dates = useDates()
  const { goTo } = useConversation()
  const text = useNoticeText(notice)
  const { target } = notice
  const Icon = icons[notice.kind]
  return (
    <p className={styles.notice}>
      <Icon size={14} aria-hidden="true" />
      {target === undefined ? (
        <span>{text}</span>
      ) : (
        <button type="button" className={styles.noticeLink} onClick={() => goTo(target)}>
          {text}
        </button>
      )}
      <time className={styles.noticeTime} dateTime={new Date(notice.at).toISOString()}>
        {dates.time(notice.at)}
      </time>
    </p>
  )
}

function useNoticeText({ kind, from, user, role, name: title = '' }: TimelineNotice): string {
  const { t } = useTranslation()
  const actor = useUser(from)
  const whom = useUser(user ?? from)
  const unknown = t('conversation.unknownUser')
  const other = whom?.display_name ?? unknown
  const name = actor?.display_name ?? unknown
  const alone = user === undefined || user === from
  switch (kind) {
    case 'join':
      return alone ? t('notice.join', { name }) : t('notice.added', { name, other })
    case 'leave':
      return alone ? t('notice.leave', { name }) : t('notice.removed', { name, other })
    case 'role':
      return t('notice.role', { name, other, role: t(`role.${role ?? 'member'}`) })
    case 'rename':
      return t('notice.rename', { name, title })
    case 'pin':
      return t('notice.pin', { name })
    case 'unpin':
      return t('notice.unpin', { name })
  }
}
