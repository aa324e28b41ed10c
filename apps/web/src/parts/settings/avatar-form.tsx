import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useMe } from '../../hooks/use-people.ts'
import { Avatar } from '../avatar.tsx'
import styles from '../files/files.module.css'
import { PictureChoice } from '../files/picture-choice.tsx'
import { useToasts } from '../toasts.tsx'

/** One's own picture: chosen, changed, taken away. */
export function AvatarForm() {
  const { t } = useTranslation()
  const parley = useParley()
  const me = useMe()
  const toasts = useToasts()
  return (
    <div className={styles.avatarRow}>
      <Avatar id={me.id} name={me.display_name} size={72} picture={me.avatar_url} />
      <PictureChoice
        present={me.avatar_url !== undefined}
        choose={t('settings.changePicture')}
        remove={t('settings.removePicture')}
        onChange={async (file) => {
          await parley.updateMe({ avatar_file_id: file?.id ?? null })
          toasts.tell(t('settings.saved'))
        }}
      />
    </div>
  )
}
