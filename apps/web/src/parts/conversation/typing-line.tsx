import { useTranslation } from 'react-i18next'
import { useUsers } from '../../hooks/use-people.ts'
import styles from './conversation.module.css'

/** Has a row of its own, so that the list never moves. */
export function TypingLine({ ids }: { ids: readonly string[] }) {
  const { t } = useTranslation()
  const users = useUsers(ids.slice(0, 2))
  const [a, b] = users.map((user) => user?.display_name ?? t('conversation.unknownUser'))
  const text =
    a === undefined
      ? ''
      : b === undefined
        ? t('conversation.typingOne', { name: a })
        : ids.length === 2
          ? t('conversation.typingTwo', { a, b })
          : t('conversation.typingMany')
  return (
    <p className={styles.typing}>
      {text === '' ? null : (
        <>
          <span className={styles.dots} aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          {text}
        </>
      )}
    </p>
  )
}
