import { DoorOpen } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../app/context.ts'
import { links, parseSeq } from '../app/links.ts'
import { useRoomTitle } from '../hooks/use-room-title.ts'
import { useFrameStore, useStore } from '../hooks/use-store.ts'
import { Button } from '../parts/button.tsx'
import styles from '../parts/conversation/conversation.module.css'
import { ConversationView } from '../parts/conversation/conversation-view.tsx'
import { Empty } from '../parts/empty.tsx'
import { BackButton } from '../parts/pane.tsx'
import { SkeletonRows } from '../parts/skeleton.tsx'
import { useToasts } from '../parts/toasts.tsx'

/** `/r/:room` and `/r/:room/:seq`: the room if it is mine, else what else there is to say. */
export function ConversationScreen({ room: id, seq }: { room: string; seq: string | undefined }) {
  const { t } = useTranslation()
  const parley = useParley()
  const title = useRoomTitle()
  const room = useFrameStore(useMemo(() => parley.room(id), [parley, id]))
  const ready = useStore(parley.roomsReady)
  const timeline = useMemo(() => parley.timeline(id), [parley, id])
  const { status } = useFrameStore(timeline)
  if (room !== undefined)
    return <ConversationView room={room} timeline={timeline} title={title(room)} seq={parseSeq(seq)} />
  // A long list of rooms comes by pages; until the last one the timeline waits, and so does the verdict.
  if (ready && status !== 'loading') return <Gone id={id} />
  return (
    <section className={styles.conversation} aria-label={t('app.loading')} aria-busy="true">
      <header className={styles.bar}>
        <BackButton />
      </header>
      <SkeletonRows count={9} height={64} />
    </section>
  )
}

/** Deleted, left, removed, or never mine: the server does not tell which, and neither do we. */
function Gone({ id }: { id: string }) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const [busy, setBusy] = useState(false)
  const join = () => {
    setBusy(true)
    parley
      .joinRoom(id)
      .catch(toasts.fail)
      .finally(() => setBusy(false))
  }
  return (
    <section className={styles.conversation}>
      <header className={styles.bar}>
        <BackButton to={links.home} />
      </header>
      <div className={styles.middle}>
        <Empty page icon={DoorOpen} title={t('conversation.gone')} hint={t('conversation.goneHint')}>
          <Button look="primary" busy={busy} onClick={join}>
            {t('action.join')}
          </Button>
        </Empty>
      </div>
    </section>
  )
}
