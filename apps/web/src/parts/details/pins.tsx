import type { Message } from '@parley/protocol'
import { PinOff } from 'lucide-react'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useDates } from '../../hooks/use-dates.ts'
import { useLoad } from '../../hooks/use-load.ts'
import { useUser } from '../../hooks/use-people.ts'
import { Button } from '../button.tsx'
import { useConversation } from '../conversation/context.ts'
import { Failure } from '../empty.tsx'
import { previewText } from '../files/preview-text.ts'
import { IconButton } from '../icon-button.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './details.module.css'
import { useReloadOn } from './use-reload-on.ts'

/** So many are shown at first; members and settings stay near. */
const fewPins = 3

interface PinsProps {
  readonly room: string
  readonly version: string
  readonly onOpen: (seq: number) => void
}

export function Pins({ room, version, onOpen }: PinsProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const { state, reload } = useLoad(useCallback(() => parley.pins(room), [parley, room]))
  useReloadOn(version, reload)
  const [all, setAll] = useState(false)
  return (
    <section className={styles.section} aria-labelledby="details-pins">
      <h3 id="details-pins" className={styles.sectionTitle}>
        {t('details.pins')}
      </h3>
      {state.status === 'loading' ? <SkeletonRows count={1} height={48} /> : null}
      {state.status === 'error' ? <Failure error={state.error} onRetry={reload} /> : null}
      {state.status === 'ready' && state.value.length === 0 ? (
        <p className={styles.hint}>{t('details.noPinsHint')}</p>
      ) : null}
      {state.status === 'ready' && state.value.length > 0 ? (
        <ul>
          {(all ? state.value : state.value.slice(0, fewPins)).map((message) => (
            <PinRow key={message.seq} message={message} onOpen={onOpen} onChange={reload} />
          ))}
        </ul>
      ) : null}
      {state.status === 'ready' && state.value.length > fewPins && !all ? (
        <Button look="ghost" onClick={() => setAll(true)}>
          {t('action.showMore')}
        </Button>
      ) : null}
    </section>
  )
}

interface PinRowProps {
  readonly message: Message
  readonly onOpen: (seq: number) => void
  readonly onChange: () => void
}

function PinRow({ message, onOpen, onChange }: PinRowProps) {
  const { t } = useTranslation()
  const dates = useDates()
  const parley = useParley()
  const toasts = useToasts()
  const { rights } = useConversation()
  const author = useUser(message.from)
  return (
    <li className={styles.pinRow}>
      <button type="button" className={styles.pinText} onClick={() => onOpen(message.seq)}>
        <span className={styles.pinHead}>
          <strong>{author?.display_name ?? t('conversation.unknownUser')}</strong>
          <time dateTime={new Date(message.at).toISOString()}>{dates.short(message.at)}</time>
        </span>
        <span className={styles.pinBody}>{previewText(message, t)}</span>
      </button>
      {rights.pin ? (
        <IconButton
          icon={PinOff}
          size={16}
          small
          label={t('action.unpin')}
          onClick={() => void parley.unpin(message.room, message.seq).then(onChange, toasts.fail)}
        />
      ) : null}
    </li>
  )
}
