import type { RoomState } from '@parley/sdk/api'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { Avatar } from '../avatar.tsx'
import { PictureChoice } from '../files/picture-choice.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './details.module.css'

/** Chosen, changed, taken away by whoever may rename the room. */
export function RoomPicture({ room, title }: { room: RoomState; title: string }) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  return (
    <div className={styles.roomPicture}>
      <Avatar id={room.id} name={title} kind={room.kind} size={48} picture={room.picture_url} />
      <PictureChoice
        present={room.picture_url !== undefined}
        choose={t(room.picture_url === undefined ? 'details.picture' : 'details.changePicture')}
        remove={t('details.removePicture')}
        onChange={async (file) => {
          await parley.setRoomPicture(room.id, file?.id ?? null)
          toasts.tell(t('details.pictureChanged'))
        }}
      />
    </div>
  )
}
