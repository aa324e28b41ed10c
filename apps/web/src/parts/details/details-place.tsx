import { Dialog } from '@base-ui/react/dialog'
import type { RoomState, Timeline } from '@parley/sdk/api'
import { X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../icon-button.tsx'
import styles from './details.module.css'
import { Details } from './details.tsx'
import type { DetailsState } from './use-details-open.ts'

interface DetailsPlaceProps {
  readonly room: RoomState
  readonly title: string
  readonly timeline: Timeline
  readonly state: DetailsState
}

/** The third pane where there is room for it, else a sheet. */
export function DetailsPlace({ room, title, timeline, state }: DetailsPlaceProps) {
  const { t } = useTranslation()
  const heading = t('details.title')
  if (state.wide)
    return state.open ? (
      <aside className={styles.pane} aria-label={heading}>
        <header className={styles.bar}>
          <h2 className={styles.heading}>{heading}</h2>
          <IconButton icon={X} label={t('action.close')} onClick={state.close} />
        </header>
        <Details key={room.id} room={room} title={title} timeline={timeline} onLeaveSheet={() => undefined} />
      </aside>
    ) : null
  return (
    <Dialog.Root open={state.open} onOpenChange={(next) => !next && state.close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.sheet}>
          <header className={styles.bar}>
            <Dialog.Title className={styles.heading}>{heading}</Dialog.Title>
            <Dialog.Close render={<IconButton icon={X} label={t('action.close')} />} />
          </header>
          <Details key={room.id} room={room} title={title} timeline={timeline} onLeaveSheet={state.close} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
