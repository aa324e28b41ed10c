import type { RoomState, TimelineMessage, Timeline as TimelineStore } from '@parley/sdk/api'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useMe } from '../../hooks/use-people.ts'
import { useFrameStore } from '../../hooks/use-store.ts'
import { Button } from '../button.tsx'
import { Composer } from '../composer/composer.tsx'
import { Confirm } from '../confirm.tsx'
import { DetailsPlace } from '../details/details-place.tsx'
import { useDetailsOpen } from '../details/use-details-open.ts'
import { Empty } from '../empty.tsx'
import styleOfFiles from '../files/files.module.css'
import { useDrop } from '../files/use-drop.ts'
import { useUploads } from '../files/use-uploads.ts'
import { CallBanner } from '../ringing/call-banner.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import { Timeline, type TimelineHandle } from '../timeline/timeline.tsx'
import { type Conversation, ConversationContext, rightsOf } from './context.ts'
import styles from './conversation.module.css'
import { ConversationHeader } from './conversation-header.tsx'
import { TypingLine } from './typing-line.tsx'
import { type GoTo, useGoTo } from './use-go-to.ts'
import { useReadLine } from './use-read-line.ts'
import { useWriting } from './use-writing.ts'

interface ConversationViewProps {
  readonly room: RoomState
  readonly timeline: TimelineStore
  readonly title: string
  /** The message a permalink leads to. */
  readonly seq: number | null
}

export function ConversationView({ room, timeline, title, seq }: ConversationViewProps) {
  const { t } = useTranslation()
  const me = useMe()
  const go = useGoTo(timeline, seq)
  const write = useWriting(timeline, me.id)
  const details = useDetailsOpen()
  const uploads = useUploads()
  const [deleting, setDeleting] = useState<TimelineMessage | null>(null)
  const list = useRef<TimelineHandle>(null)
  useEffect(() => () => timeline.release(), [timeline])
  const conversation = useMemo<Conversation>(
    () => ({
      room: room.id,
      kind: room.kind,
      rights: rightsOf(room.kind, room.me?.role),
      reply: write.reply,
      edit: write.edit,
      askDelete: setDeleting,
      goTo: go.goTo,
    }),
    [room.id, room.kind, room.me?.role, write.reply, write.edit, go.goTo],
  )
  const drop = useDrop(conversation.rights.write, uploads.add)
  const onSent = () => (timeline.get().hasNewer ? go.goToLatest() : list.current?.toEnd())
  return (
    <ConversationContext value={conversation}>
      <div className={styles.screen} data-details={(details.wide && details.open) || undefined}>
        <section className={styles.conversation} aria-label={title} {...drop.handlers}>
          {drop.over ? <p className={styleOfFiles.drop}>{t('files.drop')}</p> : null}
          <ConversationHeader room={room} title={title} details={details.open} onDetails={details.toggle} />
          <CallBanner room={room} timeline={timeline} />
          <Body room={room} timeline={timeline} title={title} go={go} list={list} />
          <TypingLine ids={room.typing} />
          <Composer
            title={title}
            writing={write.writing}
            uploads={uploads}
            editText={write.editText}
            onEditText={write.setEditText}
            onStop={write.stop}
            onSent={onSent}
            onEditLast={write.editLast}
          />
        </section>
        <DetailsPlace room={room} title={title} timeline={timeline} state={details} />
      </div>
      <DeleteQuestion message={deleting} onClose={() => setDeleting(null)} />
    </ConversationContext>
  )
}

interface BodyProps extends Omit<ConversationViewProps, 'seq'> {
  readonly go: GoTo
  readonly list: React.RefObject<TimelineHandle | null>
}

/** The list, or why there is none. */
function Body({ room, timeline, title, go, list }: BodyProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const window = useFrameStore(timeline)
  // Between two people nobody joins: the conversation is simply there.
  const state = useMemo(
    () =>
      room.kind === 'direct'
        ? { ...window, items: window.items.filter((item) => item.type !== 'notice' || item.kind !== 'join') }
        : window,
    [window, room.kind],
  )
  const readSeq = useReadLine(room)
  const shown = useRef(false)
  const onSeen = useCallback((seen: number) => parley.markRead(room.id, seen), [parley, room.id])
  const { items, status } = state

  if (status === 'error' && items.length === 0)
    return (
      <div className={styles.middle}>
        <Empty title={t('conversation.loadError')}>
          <Button onClick={() => void timeline.openLatest()}>{t('action.reload')}</Button>
        </Empty>
      </div>
    )
  // A permalink: the newest page would only flash by.
  const waiting = go.busy && !shown.current
  if ((status === 'loading' && items.length === 0) || waiting)
    return (
      <div className={styles.filled}>
        <SkeletonRows count={9} height={60} />
      </div>
    )
  shown.current = true
  if (items.length === 0)
    return (
      <div className={styles.middle}>
        <Empty title={t('conversation.empty')} hint={t('conversation.emptyHint')} />
      </div>
    )
  return (
    <Timeline
      timeline={timeline}
      label={t('conversation.log', { room: title })}
      state={state}
      readSeq={readSeq}
      unread={room.me?.unread ?? 0}
      target={go.target}
      busy={go.busy}
      goToLatest={go.goToLatest}
      goToFirstUnread={() => go.goTo((readSeq ?? 0) + 1, false)}
      onSeen={onSeen}
      handle={list}
    />
  )
}

function DeleteQuestion({ message, onClose }: { message: TimelineMessage | null; onClose: () => void }) {
  const { t } = useTranslation()
  const parley = useParley()
  return (
    <Confirm
      open={message !== null}
      onClose={onClose}
      title={t('conversation.deleteTitle')}
      text={t('conversation.deleteText')}
      action={t('action.delete')}
      onConfirm={async () => {
        if (message !== null && message.seq !== null) await parley.remove(message.room, message.seq)
      }}
    />
  )
}
