import type { RoomState, Timeline, TimelineItem } from '@parley/sdk/api'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDates } from '../../hooks/use-dates.ts'
import { useFrameStore } from '../../hooks/use-store.ts'
import { Avatar } from '../avatar.tsx'
import { useConversation } from '../conversation/context.ts'
import styles from './details.module.css'
import { Members } from './members.tsx'
import { NewestFiles } from './newest-files.tsx'
import { NotifyChoice } from './notify-choice.tsx'
import { Person } from './person.tsx'
import { Pins } from './pins.tsx'
import { RoomFiles } from './room-files.tsx'
import { RoomSettings } from './room-settings.tsx'
import { StorageChoice } from './storage-choice.tsx'

interface DetailsProps {
  readonly room: RoomState
  readonly title: string
  readonly timeline: Timeline
  /** One went to a message behind the sheet. */
  readonly onLeaveSheet: () => void
}

export function Details({ room, title, timeline, onLeaveSheet }: DetailsProps) {
  const { t } = useTranslation()
  const dates = useDates()
  const { goTo } = useConversation()
  // Joins, roles and pins are told between the messages: a new notice means that the lists may have changed.
  const { items } = useFrameStore(timeline)
  const version = items.findLast((item) => item.type === 'notice')?.key ?? ''
  const [view, setView] = useState<'about' | 'files' | 'back'>('about')
  const open = (seq: number) => {
    onLeaveSheet()
    goTo(seq)
  }
  const files = { room: room.id, version: versionOfFiles(items), onOpen: open }
  if (view === 'files') return <RoomFiles {...files} onBack={() => setView('back')} />
  return (
    <div className={styles.scroll}>
      {room.peer === undefined ? (
        <div className={styles.person}>
          <Avatar id={room.id} name={title} kind={room.kind} size={56} picture={room.picture_url} />
          <p className={styles.name}>{title}</p>
          <p className={styles.facts}>
            {t(`rooms.kind.${room.kind}`)} · {t('details.created', { date: dates.day(room.created_at) })}
          </p>
        </div>
      ) : (
        <Person user={room.peer} />
      )}
      <Pins room={room.id} version={version} onOpen={open} />
      <NewestFiles {...files} returned={view === 'back'} onAll={() => setView('files')} />
      <NotifyChoice key={room.id} room={room} />
      <StorageChoice key={`storage ${room.id}`} room={room} />
      {room.kind === 'direct' ? null : (
        <>
          <Members room={room} version={version} />
          <RoomSettings room={room} title={title} />
        </>
      )}
    </div>
  )
}

/** Changes when files of the window came or went. */
function versionOfFiles(items: readonly TimelineItem[]): string {
  const messages = items.filter((item) => item.type === 'message')
  const newest = messages.findLast(({ seq, files }) => seq !== null && files !== undefined)?.seq ?? 0
  return `${newest} ${messages.filter(({ deleted }) => deleted).length}`
}
