import type { RoomKind } from '@parley/protocol'
import type { DeliveryState, TimelineMessage } from '@parley/sdk/api'
import { Check, CheckCheck, CircleAlert, Clock } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import styles from './message.module.css'

const icons = { sending: Clock, failed: CircleAlert, sent: Check, delivered: CheckCheck, read: CheckCheck }

/** How far one's own message came. In a public room "sent" is all there is to know, and goes without saying. */
export function Delivery({ state, kind }: { state: DeliveryState; kind: RoomKind }) {
  const { t } = useTranslation()
  if (state === 'failed' || (state === 'sent' && kind === 'public')) return null
  const Icon = icons[state]
  const label = t(`conversation.state.${state}`)
  return (
    <span className={styles.delivery} data-state={state} title={label}>
      <Icon size={14} aria-hidden="true" />
      <span className="hidden">{label}</span>
    </span>
  )
}

/** Refused for good: why, and what one can do. */
export function Unsent({ message }: { message: TimelineMessage }) {
  const { t } = useTranslation()
  const parley = useParley()
  const { key, uploads = [] } = message
  const refused = uploads.find((upload) => upload.refused !== undefined)
  const leftover = uploads.length > 1 || message.body !== ''
  return (
    <p className={styles.unsent} role="alert">
      <CircleAlert size={14} aria-hidden="true" />
      <span>
        {t('conversation.state.failed')}
        {/* Beside a refused file stands why. */}
        {message.error === undefined || refused !== undefined ? '.' : `: ${message.error}`}
      </span>
      <button type="button" onClick={() => parley.retry(key)}>
        {t('action.retry')}
      </button>
      {refused !== undefined && leftover ? (
        <button type="button" onClick={() => parley.removeUpload(key, refused.id)}>
          {t('files.sendWithout')}
        </button>
      ) : null}
      <button type="button" onClick={() => parley.discard(key)}>
        {t('action.discard')}
      </button>
    </p>
  )
}
