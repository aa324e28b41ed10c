import type { RoomState, Timeline } from '@parley/sdk/api'
import { useTranslation } from 'react-i18next'
import { useDates } from '../../hooks/use-dates.ts'
import { useFrameStore } from '../../hooks/use-store.ts'
import { Avatar } from '../avatar.tsx'
import { useConversation } from '../conversation/context.ts'
import styles from './details.module.css'
import { Members } from './members.tsx'
import { NotifyChoice } from './notify-choice.tsx'
import { Person } from './person.tsx'
import { Pins } from './pins.tsx'
import { RoomSettings } from './room-settings.tsx'

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
  const version = useFrameStore(timeline).items.findLast((item) => item.type === 'notice')?.key ?? ''
  return (
    <div className={styles.scroll}>
      {room.peer === undefined ? (
        <div className={styles.person}>
          <Avatar id={room.id} name={title} kind={room.kind} size={56} />
          <p className={styles.name}>{title}</p>
          <p className={styles.facts}>
            {t(`rooms.kind.${room.kind}`)} · {t('details.created', { date: dates.day(room.created_at) })}
          </p>
        </div>
      ) : (
        <Person user={room.peer} />
      )}
      <Pins
        room={room.id}
        version={version}
        onOpen={(seq) => {
          onLeaveSheet()
          goTo(seq)
        }}
      />
      <NotifyChoice key={room.id} room={room} />
      {room.kind === 'direct' ? null : (
        <>
          <Members room={room} version={version} />
          <RoomSettings room={room} title={title} />
        </>
      )}
    </div>
  )
}
