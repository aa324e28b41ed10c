import { characterCount, isPlainName, NAME_MAX_CHARS, normalizeName } from '@parley/protocol'
import type { RoomState } from '@parley/sdk/api'
import { LogOut, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useParley } from '../../app/context.ts'
import { links } from '../../app/links.ts'
import { useErrorText } from '../../hooks/use-error-text.ts'
import { Button } from '../button.tsx'
import { Confirm } from '../confirm.tsx'
import { useConversation } from '../conversation/context.ts'
import { Field } from '../field.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './details.module.css'
import { RoomPicture } from './room-picture.tsx'

/** The name, and the two ways to part. */
export function RoomSettings({ room, title }: { room: RoomState; title: string }) {
  const { t } = useTranslation()
  const parley = useParley()
  const { rights } = useConversation()
  const [, navigate] = useLocation()
  const [asking, setAsking] = useState<'leave' | 'delete' | null>(null)
  const part = async (how: (room: string) => Promise<void>) => {
    await how(room.id)
    navigate(links.home)
  }
  const close = () => setAsking(null)
  return (
    <section className={styles.section} aria-labelledby="details-settings">
      <h3 id="details-settings" className={styles.sectionTitle}>
        {t('details.settings')}
      </h3>
      {rights.moderate ? (
        <>
          <RoomPicture room={room} title={title} />
          <Rename key={room.name} room={room} />
        </>
      ) : null}
      <div className={styles.parting}>
        <Button onClick={() => setAsking('leave')}>
          <LogOut size={16} aria-hidden="true" />
          {t('details.leave')}
        </Button>
        {room.me?.role === 'owner' ? (
          <Button className={styles.dangerous} onClick={() => setAsking('delete')}>
            <Trash2 size={16} aria-hidden="true" />
            {t('details.delete')}
          </Button>
        ) : null}
      </div>
      <Confirm
        open={asking === 'leave'}
        onClose={close}
        title={t('details.leaveTitle', { room: title })}
        text={t('details.leaveText')}
        action={t('details.leave')}
        onConfirm={() => part(parley.leaveRoom)}
      />
      <Confirm
        open={asking === 'delete'}
        onClose={close}
        title={t('details.deleteTitle', { room: title })}
        text={t('details.deleteText')}
        action={t('details.delete')}
        onConfirm={() => part(parley.deleteRoom)}
      />
    </section>
  )
}

function Rename({ room }: { room: RoomState }) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const errorText = useErrorText()
  const [name, setName] = useState(room.name)
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const wanted = normalizeName(name)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wanted === '' || characterCount(wanted) > NAME_MAX_CHARS || !isPlainName(wanted))
      return setError(t('field.name', { max: NAME_MAX_CHARS }))
    setBusy(true)
    parley
      .renameRoom(room.id, wanted)
      .then(() => toasts.tell(t('details.renamed')))
      .catch((cause: unknown) => setError(errorText(cause)))
      .finally(() => setBusy(false))
  }
  return (
    <form className={styles.rename} onSubmit={submit}>
      <Field
        label={t('details.rename')}
        name="name"
        value={name}
        error={error}
        autoComplete="off"
        onValue={(next) => {
          setName(next)
          setError(undefined)
        }}
      />
      {wanted === room.name ? null : (
        <Button look="primary" type="submit" busy={busy}>
          {t('action.save')}
        </Button>
      )}
    </form>
  )
}
