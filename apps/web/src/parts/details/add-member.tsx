import { UserPlus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { errorCode, useErrorText } from '../../hooks/use-error-text.ts'
import { IconButton } from '../icon-button.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './details.module.css'

/** Adds a person by user name; the error stands at the field. */
export function AddMember({ room, onAdded }: { room: string; onAdded: () => void }) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const errorText = useErrorText()
  const [name, setName] = useState('')
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const wanted = name.trim().replace(/^@/, '').toLowerCase()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wanted === '' || busy) return
    setBusy(true)
    setError(undefined)
    parley
      .addMember(room, wanted)
      .then(({ user }) => {
        setName('')
        toasts.tell(t('details.added', { name: user.display_name }))
        onAdded()
      })
      .catch((cause: unknown) =>
        setError(
          errorCode(cause) === 'not_found' ? t('error.userUnknown', { name: wanted }) : errorText(cause),
        ),
      )
      .finally(() => setBusy(false))
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <input
        className={styles.input}
        aria-label={t('details.add')}
        placeholder={`${t('details.add')}: ${t('details.addPlaceholder').toLowerCase()}`}
        value={name}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={error !== undefined || undefined}
        aria-describedby={error === undefined ? undefined : 'add-member-error'}
        onChange={(event) => {
          setName(event.target.value)
          setError(undefined)
        }}
      />
      <IconButton
        icon={UserPlus}
        label={t('details.add')}
        type="submit"
        disabled={wanted === '' || busy}
        aria-busy={busy || undefined}
      />
      {error === undefined ? null : (
        <p id="add-member-error" className={styles.error} role="alert">
          {error}
        </p>
      )}
    </form>
  )
}
