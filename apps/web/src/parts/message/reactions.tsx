import type { TimelineMessage } from '@parley/sdk/api'
import { SmilePlus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useConversation } from '../conversation/context.ts'
import { EmojiButton } from './emoji-button.tsx'
import styles from './message.module.css'
import { useReact } from './use-react.ts'

export function Reactions({ message, seq }: { message: TimelineMessage; seq: number }) {
  const { t } = useTranslation()
  const { rights } = useConversation()
  const react = useReact(message, seq)
  if (message.reactions.length === 0) return null
  return (
    <ul className={styles.reactions} aria-label={t('conversation.reactions')}>
      {message.reactions.map(({ emoji, count, mine }) => (
        <li key={emoji}>
          <button
            type="button"
            className={styles.reaction}
            aria-pressed={mine}
            aria-label={t('conversation.reaction', { emoji, count })}
            disabled={!rights.write}
            onClick={() => react(emoji)}
          >
            <span className={styles.reactionEmoji}>{emoji}</span>
            {count}
          </button>
        </li>
      ))}
      {rights.write ? (
        <li>
          <EmojiButton
            label={t('conversation.addReaction')}
            onPick={react}
            trigger={
              <button type="button" className={styles.reaction} aria-label={t('conversation.addReaction')}>
                <SmilePlus size={15} aria-hidden="true" />
              </button>
            }
          />
        </li>
      ) : null}
    </ul>
  )
}
