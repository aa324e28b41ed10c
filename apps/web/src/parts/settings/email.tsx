import type { DigestChoice, EmailState } from '@parley/protocol'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { emailRule } from '../../hooks/field-rules.ts'
import { useForm } from '../../hooks/use-form.ts'
import { useLoad } from '../../hooks/use-load.ts'
import { Button } from '../button.tsx'
import { Choices } from '../choices.tsx'
import { Failure } from '../empty.tsx'
import { Field } from '../field.tsx'
import { Form } from '../form.tsx'
import { PasswordField } from '../password-field.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './settings.module.css'

const digests: readonly DigestChoice[] = ['15m', '1h', '1d', 'off']

/** One's address, whether it is confirmed, and what is sent there. */
export function EmailForm() {
  const parley = useParley()
  const load = useCallback(async () => {
    const [email, isSent, digest] = await Promise.all([
      parley.email.state(),
      parley.email.isSent(),
      parley.email.digest(),
    ])
    return { email, isSent, digest }
  }, [parley])
  const { state, reload } = useLoad(load)
  if (state.status === 'loading') return <SkeletonRows count={2} height={40} />
  if (state.status === 'error') return <Failure error={state.error} onRetry={reload} />
  const { email, isSent, digest } = state.value
  return (
    <>
      <Address email={email} isSent={isSent} onChange={reload} />
      {isSent ? <Digest saved={digest} isVerified={email.verified} /> : null}
    </>
  )
}

interface AddressProps {
  readonly email: EmailState
  readonly isSent: boolean
  readonly onChange: () => void
}

function Address({ email, isSent, onChange }: AddressProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const [changing, setChanging] = useState(false)
  const { address, pending, verified } = email
  const canResend = isSent && (pending !== undefined || (address !== undefined && !verified))
  const resend = () => parley.email.resend().then(() => toasts.tell(t('settings.emailResent')), toasts.fail)
  return (
    <div className={styles.group}>
      {address === undefined && pending === undefined ? <p>{t('settings.emailNone')}</p> : null}
      {address === undefined ? null : (
        <p>{t(verified ? 'settings.emailVerified' : 'settings.emailUnverified', { address })}</p>
      )}
      {pending === undefined ? null : (
        <p className={styles.hint}>{t('settings.emailPending', { address: pending })}</p>
      )}
      {isSent ? null : <p className={styles.hint}>{t('settings.emailOff')}</p>}
      {changing ? (
        <AddressForm
          isSent={isSent}
          onCancel={() => setChanging(false)}
          onDone={() => {
            setChanging(false)
            onChange()
          }}
        />
      ) : (
        <div className={styles.actions}>
          <Button onClick={() => setChanging(true)}>
            {t(address === undefined && pending === undefined ? 'settings.emailAdd' : 'settings.emailChange')}
          </Button>
          {canResend ? <Button onClick={() => void resend()}>{t('settings.emailResend')}</Button> : null}
        </div>
      )}
    </div>
  )
}

interface AddressFormProps {
  readonly isSent: boolean
  readonly onDone: () => void
  readonly onCancel: () => void
}

function AddressForm({ isSent, onDone, onCancel }: AddressFormProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const form = useForm({
    fields: ['email', 'password'],
    refused: t('field.refused'),
    check: () => ({
      email: email.trim() === '' ? t('field.required') : emailRule(email, t),
      password: password === '' ? t('field.required') : undefined,
    }),
    send: async () => {
      await parley.email.change({ email: email.trim(), password })
      toasts.tell(t(isSent ? 'settings.emailSaved' : 'settings.saved'))
      onDone()
    },
  })
  return (
    <Form state={form} className={styles.form}>
      <Field
        label={t('auth.email')}
        name="email"
        type="email"
        value={email}
        onValue={setEmail}
        autoComplete="email"
        error={form.errors.email}
      />
      <PasswordField
        label={t('settings.emailPassword')}
        name="password"
        value={password}
        onValue={setPassword}
        autoComplete="current-password"
        error={form.errors.password}
      />
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={form.busy}>
          {t('settings.emailSave')}
        </Button>
        <Button onClick={onCancel}>{t('action.cancel')}</Button>
      </div>
    </Form>
  )
}

function Digest({ saved, isVerified }: { saved: DigestChoice; isVerified: boolean }) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const [digest, setDigest] = useState(saved)
  const choose = (value: DigestChoice) => {
    setDigest(value)
    parley.email.setDigest(value).catch((error: unknown) => {
      setDigest(digest)
      toasts.fail(error)
    })
  }
  return (
    <div className={styles.group}>
      <Choices
        name="digest"
        label={t('settings.digest')}
        value={digest}
        disabled={!isVerified}
        options={digests.map((value) => ({ value, label: t(`settings.digests.${value}`) }))}
        onChoose={choose}
      />
      <p className={styles.hint}>{t(isVerified ? 'settings.digestHint' : 'settings.digestNeeds')}</p>
    </div>
  )
}
