import { Pencil, Reply, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useUser } from '../../hooks/use-people.ts'
import { previewText } from '../files/preview-text.ts'
import { IconButton } from '../icon-button.tsx'
import styles from './composer.module.css'
import type { Writing } from './composer.tsx'

/** Above the text: which message is answered or changed, and the way out. */
export function About({ writing, onStop }: { writing: Writing; onStop: () => void }) {
  const { t } = useTranslation()
  const { kind, message } = writing
  const author = useUser(message.from)
  const name = author?.display_name ?? t('conversation.unknownUser')
  const Icon = kind === 'edit' ? Pencil : Reply
  return (
    <div className={styles.about}>
      <Icon size={15} aria-hidden="true" />
      <p className={styles.aboutText}>
        <strong>{kind === 'edit' ? t('composer.editing') : t('composer.replying', { name })}</strong>{' '}
        <span>{previewText(message, t)}</span>
      </p>
      <IconButton
        icon={X}
        size={16}
        small
        label={t(kind === 'edit' ? 'composer.stopEdit' : 'composer.stopReply')}
        onClick={onStop}
      />
    </div>
  )
}
