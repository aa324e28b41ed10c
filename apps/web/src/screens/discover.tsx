import type { Room } from '@parley/protocol'
import { Compass, Plus } from 'lucide-react'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { useOverlays } from '../app/overlays.ts'
import { useDebounced } from '../hooks/use-debounced.ts'
import { usePaged } from '../hooks/use-load.ts'
import { useStore } from '../hooks/use-store.ts'
import { Avatar } from '../parts/avatar.tsx'
import { Button } from '../parts/button.tsx'
import { Empty, Failure } from '../parts/empty.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { Pane } from '../parts/pane.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { SkeletonRows } from '../parts/skeleton.tsx'
import { useToasts } from '../parts/toasts.tsx'
import styles from './lists.module.css'

const restMs = 200

export default function DiscoverScreen() {
  const { t } = useTranslation()
  const overlays = useOverlays()
  const [query, setQuery] = useState('')
  return (
    <Pane
      title={t('discover.title')}
      actions={<IconButton icon={Plus} label={t('discover.create')} onClick={() => overlays.open('start')} />}
    >
      <SearchBox
        label={t('discover.search')}
        placeholder={t('discover.search')}
        value={query}
        onValue={setQuery}
      />
      <PublicRooms query={useDebounced(query.trim(), restMs)} />
    </Pane>
  )
}

function PublicRooms({ query }: { query: string }) {
  const { t } = useTranslation()
  const parley = useParley()
  const overlays = useOverlays()
  const found = usePaged(useCallback((cursor?: string) => parley.searchRooms(query, cursor), [parley, query]))
  if (found.state.status === 'loading') return <SkeletonRows count={6} height={60} />
  if (found.state.status === 'error') return <Failure error={found.state.error} onRetry={found.reload} />
  const rooms = found.state.value
  if (rooms.length === 0 && query !== '') return <Empty title={t('discover.noMatch', { query })} />
  if (rooms.length === 0) {
    return (
      <Empty icon={Compass} title={t('discover.empty')} hint={t('discover.emptyHint')}>
        <Button look="primary" onClick={() => overlays.open('start')}>
          {t('discover.create')}
        </Button>
      </Empty>
    )
  }
  return (
    <div>
      <ul className={styles.list}>
        {rooms.map((room) => (
          <li key={room.id}>
            <PublicRoom room={room} />
          </li>
        ))}
      </ul>
      {found.hasMore ? (
        <Button className={styles.more} busy={found.loadingMore} onClick={found.loadMore}>
          {t('action.showMore')}
        </Button>
      ) : null}
    </div>
  )
}

function PublicRoom({ room }: { room: Room }) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const [, navigate] = useLocation()
  const [busy, setBusy] = useState(false)
  const mine = useStore(parley.room(room.id)) !== undefined
  const join = () => {
    setBusy(true)
    parley
      .joinRoom(room.id)
      .then(() => navigate(links.room(room.id)), toasts.fail)
      .finally(() => setBusy(false))
  }
  return (
    <div className={styles.room}>
      <Avatar id={room.id} name={room.name} kind="public" picture={room.picture_url} />
      <span className={styles.text}>
        <span className={styles.name}>{room.name}</span>
        <span className={styles.note}>
          {t('rooms.members', { count: room.member_count })}
          {mine ? ` · ${t('discover.joined')}` : ''}
        </span>
      </span>
      {mine ? (
        <Button
          aria-label={t('discover.openRoom', { name: room.name })}
          onClick={() => navigate(links.room(room.id))}
        >
          {t('action.open')}
        </Button>
      ) : (
        <Button
          look="primary"
          busy={busy}
          aria-label={t('discover.joinRoom', { name: room.name })}
          onClick={join}
        >
          {t('action.join')}
        </Button>
      )}
    </div>
  )
}
