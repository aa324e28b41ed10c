import type { TimelineMessage } from '@parley/sdk/api'
import { Reply } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useUser } from '../../hooks/use-people.ts'
import { useConversation } from '../conversation/context.ts'
import { previewText } from '../files/preview-text.ts'
import styles from './message.module.css'

/** What is replied to, in one line that leads there. */
export function Quote({ seq, message }: { seq: number; message: TimelineMessage | null }) {
  const { t } = useTranslation()
  const { goTo } = useConversation()
  const author = useUser(message?.from)
  const name = author?.display_name ?? t('conversation.unknownUser')
  return (
    <button type="button" className={styles.quote} onClick={() => goTo(seq)}>
      <Reply size={14} aria-hidden="true" />
      {message === null ? (
        <span className={styles.quoteText}>{t('conversation.replyEarlier')}</span>
      ) : (
        <>
          <span className="hidden">{t('conversation.replyTo', { name })}</span>
          <span className={styles.quoteName} aria-hidden="true">
            {name}
          </span>
          <span className={styles.quoteText}>
            {message.deleted === true ? t('conversation.deleted') : previewText(message, t)}
          </span>
        </>
      )}
    </button>
  )
}
