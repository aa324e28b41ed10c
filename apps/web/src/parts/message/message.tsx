import type { TimelineMessage } from '@parley/sdk/api'
import { Pin, Trash2 } from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDates } from '../../hooks/use-dates.ts'
import { touch, useMedia } from '../../hooks/use-media.ts'
import { useMe, useUser } from '../../hooks/use-people.ts'
import { Avatar } from '../avatar.tsx'
import { useConversation } from '../conversation/context.ts'
import { MessageFiles } from '../files/message-files.tsx'
import { PendingFiles } from '../files/pending-files.tsx'
import { Markdown } from '../markdown/markdown.tsx'
import { Delivery, Unsent } from './delivery.tsx'
import styles from './message.module.css'
import { MessageActions } from './message-actions.tsx'
import { Quote } from './quote.tsx'
import { Reactions } from './reactions.tsx'

interface MessageProps {
  readonly message: TimelineMessage
  /** First of a group by one author: shows who, and the avatar. */
  readonly first: boolean
  readonly quoted: TimelineMessage | null | undefined
  /** One was led to this message; it is marked for a moment. */
  readonly marked: boolean
}

export const Message = memo(function Message({ message, first, quoted, marked }: MessageProps) {
  const { t } = useTranslation()
  const dates = useDates()
  const me = useMe()
  const author = useUser(message.from)
  const name = author?.display_name ?? t('conversation.unknownUser')
  const deleted = message.deleted === true
  const active = useActive()
  const box = useRef<HTMLElement>(null)
  // Who was led here hears the message as well. What is not measured yet is hidden, and takes no focus.
  useEffect(() => {
    if (!marked) return
    let frame = 0
    const take = () => {
      box.current?.focus({ preventScroll: true })
      if (box.current?.matches(':focus') !== true) frame = requestAnimationFrame(take)
    }
    take()
    return () => cancelAnimationFrame(frame)
  }, [marked])
  return (
    <article
      ref={box}
      className={styles.message}
      data-seq={message.seq ?? ''}
      data-first={first || undefined}
      data-marked={marked || undefined}
      data-mention={(!deleted && message.mentions?.includes(me.id)) || undefined}
      data-active={active.busy || undefined}
      data-waiting={message.state === 'sending' || undefined}
      tabIndex={-1}
      aria-label={`${name}, ${dates.full(message.at)}`}
      {...active.handlers}
    >
      {message.reply_to === undefined || deleted ? null : (
        <Quote seq={message.reply_to} message={quoted ?? null} />
      )}
      <div className={styles.side}>
        {first ? (
          <Avatar id={message.from} name={name} picture={author?.avatar_url} />
        ) : (
          <Time at={message.at} quiet />
        )}
      </div>
      <div className={styles.main}>
        {first ? (
          <p className={styles.head}>
            <span className={styles.author}>{name}</span>
            <Time at={message.at} />
            {message.pinned === true ? <PinMark /> : null}
          </p>
        ) : null}
        {deleted || message.files === undefined ? null : <MessageFiles files={message.files} />}
        {message.uploads === undefined ? null : <PendingFiles message={message} uploads={message.uploads} />}
        <div className={styles.text}>
          {deleted ? (
            <Deleted />
          ) : message.body === '' ? null : (
            <Markdown body={message.body} mentions={message.mentions} />
          )}
          <Marks message={message} showPin={!first} />
        </div>
        {message.state === 'failed' ? <Unsent message={message} /> : null}
        {deleted || message.seq === null ? null : <Reactions message={message} seq={message.seq} />}
      </div>
      {active.shown && !deleted && message.seq !== null ? (
        <MessageActions message={message} seq={message.seq} onBusy={active.setBusy} />
      ) : null}
    </article>
  )
})

/** Actions are drawn for the message under the pointer or with the focus; without a pointer, for every one. */
function useActive() {
  const [over, setOver] = useState(false)
  const [focused, setFocused] = useState(false)
  /** A menu or the emoji of this message are open. */
  const [busy, setBusy] = useState(false)
  const always = useMedia(touch)
  return {
    busy,
    setBusy,
    shown: always || over || focused || busy,
    handlers: {
      onPointerEnter: () => setOver(true),
      onPointerLeave: () => setOver(false),
      onFocus: () => setFocused(true),
      onBlur: () => setFocused(false),
    },
  }
}

function Time({ at, quiet = false }: { at: number; quiet?: boolean }) {
  const dates = useDates()
  return (
    <time
      className={styles.time}
      data-quiet={quiet || undefined}
      aria-hidden={quiet || undefined}
      dateTime={new Date(at).toISOString()}
      title={dates.full(at)}
    >
      {dates.time(at)}
    </time>
  )
}

function Deleted() {
  const { t } = useTranslation()
  return (
    <p className={styles.deleted}>
      <Trash2 size={14} aria-hidden="true" />
      {t('conversation.deleted')}
    </p>
  )
}

function PinMark() {
  const { t } = useTranslation()
  return (
    <span className={styles.pin} title={t('conversation.pinned')}>
      <Pin size={12} aria-hidden="true" />
      <span className="hidden">{t('conversation.pinned')}</span>
    </span>
  )
}

/** At the end of the text: edited, pinned, and how far one's own message came. */
function Marks({ message, showPin }: { message: TimelineMessage; showPin: boolean }) {
  const { t } = useTranslation()
  const dates = useDates()
  const { kind } = useConversation()
  const deleted = message.deleted === true
  return (
    <span className={styles.marks}>
      {showPin && message.pinned === true ? <PinMark /> : null}
      {message.edited_at === undefined || deleted ? null : (
        <span className={styles.edited} title={dates.full(message.edited_at)}>
          {t('conversation.edited')}
        </span>
      )}
      {message.state === null || deleted ? null : <Delivery state={message.state} kind={kind} />}
    </span>
  )
}
