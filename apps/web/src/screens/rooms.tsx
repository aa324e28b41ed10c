import { foldText } from '@parley/protocol'
import type { RoomState } from '@parley/sdk/api'
import { ListFilter, MessageSquarePlus, MessagesSquare, Search } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useRoute } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { useOverlays } from '../app/overlays.ts'
import { useMedia } from '../hooks/use-media.ts'
import { useWatch } from '../hooks/use-people.ts'
import { useRoomTitle } from '../hooks/use-room-title.ts'
import { useFrameStore, useStore } from '../hooks/use-store.ts'
import { Button } from '../parts/button.tsx'
import { Empty } from '../parts/empty.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { RoomList } from '../parts/room-list.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { SkeletonRows } from '../parts/skeleton.tsx'
import styles from './rooms.module.css'

/** Presence is asked for the chats that can be on the screen, not for a thousand old ones. */
const watchedPeers = 60

export function RoomsPane() {
  const { t } = useTranslation()
  const overlays = useOverlays()
  const [filter, setFilter] = useState('')
  const [onlyUnread, setOnlyUnread] = useState(false)
  const [atHome] = useRoute(links.home)
  const alone = useMedia('(width < 48rem)') && atHome
  const Title = alone ? 'h1' : 'h2'
  return (
    <section className={styles.pane} aria-label={t('rooms.list')}>
      <header className={styles.bar}>
        <Title className={styles.title}>{t('rooms.title')}</Title>
        <IconButton
          icon={Search}
          label={t('rooms.switcher')}
          keys="Ctrl K"
          onClick={() => overlays.open('switcher')}
        />
        <IconButton icon={MessageSquarePlus} label={t('rooms.new')} onClick={() => overlays.open('start')} />
      </header>
      <div className={styles.filter}>
        <SearchBox
          label={t('rooms.filterLabel')}
          placeholder={t('rooms.filter')}
          value={filter}
          onValue={setFilter}
        />
        <IconButton
          icon={ListFilter}
          label={t('rooms.onlyUnread')}
          aria-pressed={onlyUnread}
          onClick={() => setOnlyUnread(!onlyUnread)}
        />
      </div>
      <FilteredRooms filter={filter} onlyUnread={onlyUnread} />
    </section>
  )
}

function FilteredRooms({ filter, onlyUnread }: { filter: string; onlyUnread: boolean }) {
  const { t } = useTranslation()
  const parley = useParley()
  const overlays = useOverlays()
  const title = useRoomTitle()
  const rooms = useFrameStore(parley.rooms)
  const ready = useStore(parley.roomsReady)
  const [, params] = useRoute('/r/:room/*?')
  const active = params?.room
  const shown = useMemo(() => {
    const wanted = foldText(filter.trim())
    return rooms.filter(
      (room) =>
        (wanted === '' || searchable(room, title).some((text) => text.includes(wanted))) &&
        (!onlyUnread || (room.me?.unread ?? 0) > 0 || room.id === active),
    )
  }, [rooms, filter, onlyUnread, title, active])
  useWatch(
    useMemo(() => {
      const peers = shown.flatMap((room) => (room.peer === undefined ? [] : [room.peer.id]))
      return peers.slice(0, watchedPeers).sort()
    }, [shown]),
  )

  if (!ready && rooms.length === 0) return <SkeletonRows count={8} height={60} />
  if (rooms.length === 0)
    return (
      <Empty icon={MessagesSquare} title={t('rooms.empty')} hint={t('rooms.emptyHint')}>
        <Button look="primary" onClick={() => overlays.open('start')}>
          {t('rooms.new')}
        </Button>
      </Empty>
    )
  if (shown.length === 0) return <Empty title={onlyUnread ? t('rooms.noUnread') : t('rooms.noMatch')} />
  return <RoomList rooms={shown} active={active} />
}

function searchable(room: RoomState, title: (room: RoomState) => string): readonly string[] {
  const texts = [foldText(title(room))]
  if (room.peer !== undefined) texts.push(room.peer.username)
  return texts
}
