import type { User } from '@parley/protocol'
import { useTranslation } from 'react-i18next'
import { Avatar } from '../avatar.tsx'
import styles from './composer.module.css'

interface MentionListProps {
  readonly id: string
  readonly users: readonly User[]
  readonly active: number
  readonly onChoose: (user: User) => void
}

/** The focus stays in the text; the chosen one is told by `aria-activedescendant`. */
export function MentionList({ id, users, active, onChoose }: MentionListProps) {
  const { t } = useTranslation()
  return (
    <div id={id} role="listbox" className={styles.mentions} aria-label={t('composer.mentions')}>
      {users.map((user, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the keys are handled where the focus is.
        <div
          key={user.id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className={styles.mention}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(user)}
        >
          <Avatar id={user.id} name={user.display_name} size={26} picture={user.avatar_url} />
          <span className={styles.mentionName}>{user.display_name}</span>
          <span className={styles.mentionUser}>@{user.username}</span>
        </div>
      ))}
    </div>
  )
}
