import type { CallShape } from '@parley/protocol/calls'
import { Phone, PhoneOff, Video } from 'lucide-react'
import { useId, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useMe, useUser } from '../../hooks/use-people.ts'
import { useRoomTitle } from '../../hooks/use-room-title.ts'
import { useStore } from '../../hooks/use-store.ts'
import { Avatar } from '../avatar.tsx'
import { Button } from '../button.tsx'
import { useAroundTexts } from './around-texts.ts'
import styles from './ringing.module.css'
import { useAnswer } from './use-answer.ts'
import { useAttraction } from './use-attraction.ts'
import { presentIn, useFromCalls } from './use-call-of.ts'
import { useNames } from './use-names.ts'

/** One call that rings. Escape does nothing here: nobody declines by accident. */
export function RingingCard({ call }: { call: CallShape }) {
  const { t } = useAroundTexts()
  const { t: common } = useTranslation()
  const parley = useParley()
  const caller = useUser(call.started_by)
  const room = useStore(useMemo(() => parley.room(call.room), [parley, call.room]))
  const title = useRoomTitle()
  const other = useFromCalls(({ current }) => current !== null && current.call.id !== call.id)
  const { answer, decline, busy } = useAnswer(call)
  const id = useId()
  const name = caller?.display_name ?? common('conversation.unknownUser')
  const text = t(call.media === 'video' ? 'ring.video' : 'ring.sound', { name })
  const isGroup = room !== undefined && room.kind !== 'direct'
  const place = isGroup ? t('ring.inRoom', { room: title(room) }) : ''
  useAttraction({ call, text, body: place, wanted: !busy, talking: other })
  return (
    <section
      role="alertdialog"
      aria-labelledby={`${id}-text`}
      aria-describedby={`${id}-more`}
      tabIndex={-1}
      aria-keyshortcuts="F6"
      data-ringing=""
      data-pending={busy || undefined}
      className={styles.card}
    >
      <span className={styles.avatar}>
        <Avatar id={call.started_by} name={name} kind="direct" picture={caller?.avatar_url} size={44} />
      </span>
      <div className={styles.words}>
        <p id={`${id}-text`} className={styles.text} role="alert">
          {text}
        </p>
        <div id={`${id}-more`} className={styles.more}>
          {isGroup ? <p>{place}</p> : null}
          <Others call={call} />
          {other ? <p className={styles.warning}>{t('ring.inAnother')}</p> : null}
        </div>
      </div>
      <div className={styles.actions}>
        <Button look="danger" disabled={busy} onClick={decline}>
          <PhoneOff size={16} aria-hidden="true" />
          {t('ring.decline')}
        </Button>
        {call.media === 'video' && !other ? (
          <Button disabled={busy} onClick={() => answer(false)}>
            <Phone size={16} aria-hidden="true" />
            {t('ring.soundOnly')}
          </Button>
        ) : null}
        <Button look="primary" busy={busy} onClick={() => answer(call.media === 'video')}>
          {call.media === 'video' ? (
            <Video size={16} aria-hidden="true" />
          ) : (
            <Phone size={16} aria-hidden="true" />
          )}
          {t(other ? 'ring.leaveAndAnswer' : 'ring.answer')}
        </Button>
      </div>
    </section>
  )
}

/** Who else is in it already. */
function Others({ call }: { call: CallShape }) {
  const { t } = useAroundTexts()
  const me = useMe().id
  const names = useNames(presentIn(call).filter((user) => user !== call.started_by && user !== me))
  return names === '' ? null : <p>{t('ring.already', { names })}</p>
}
