import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useMe } from '../../hooks/use-people.ts'
import { Avatar } from '../avatar.tsx'
import { Button } from '../button.tsx'
import styles from '../files/files.module.css'
import { useToasts } from '../toasts.tsx'

/** One's own picture: chosen, changed, taken away. */
export function AvatarForm() {
  const { t } = useTranslation()
  const parley = useParley()
  const me = useMe()
  const toasts = useToasts()
  const input = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const change = async (picture: File | null) => {
    setBusy(true)
    try {
      const file = picture === null ? null : await parley.upload(picture)
      await parley.updateMe({ avatar_file_id: file?.id ?? null })
      toasts.tell(t('settings.saved'))
    } catch (error) {
      toasts.fail(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={styles.avatarRow}>
      <Avatar id={me.id} name={me.display_name} size={72} picture={me.avatar_url} />
      <Button busy={busy} onClick={() => input.current?.click()}>
        {t('settings.changePicture')}
      </Button>
      {me.avatar_url === undefined ? null : (
        <Button look="ghost" disabled={busy} onClick={() => void change(null)}>
          {t('settings.removePicture')}
        </Button>
      )}
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/gif,image/webp,image/avif"
        hidden
        aria-hidden="true"
        tabIndex={-1}
        data-avatar=""
        onChange={(event) => {
          const [picture] = event.target.files ?? []
          event.target.value = ''
          if (picture !== undefined) void change(picture)
        }}
      />
    </div>
  )
}
