import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { passwordRule } from '../hooks/field-rules.ts'
import { useForm } from '../hooks/use-form.ts'
import { useLinkToken } from '../hooks/use-link-token.ts'
import { Button } from '../parts/button.tsx'
import { Form } from '../parts/form.tsx'
import { PasswordField } from '../parts/password-field.tsx'
import styles from './auth-page.module.css'
import { AuthPage } from './auth-page.tsx'

/** Where the letter about a forgotten password leads. */
export function ResetScreen() {
  const { t } = useTranslation()
  const parley = useParley()
  const token = useLinkToken()
  const [password, setPassword] = useState('')
  const [done, setDone] = useState(false)
  const form = useForm({
    fields: ['password'],
    refused: t('field.refused'),
    check: () => ({ password: passwordRule(password, t) }),
    send: async () => {
      await parley.email.reset({ token, password })
      setDone(true)
    },
  })
  return (
    <AuthPage title={t('auth.resetTitle')}>
      {done ? (
        <p className={styles.notice} role="status">
          {t('auth.resetDone')}
        </p>
      ) : (
        <Form state={form}>
          <PasswordField
            label={t('settings.newPassword')}
            name="password"
            value={password}
            onValue={setPassword}
            autoComplete="new-password"
            hint={`${t('auth.passwordRule')}. ${t('auth.resetHint')}`}
            error={form.errors.password}
          />
          <Button type="submit" look="primary" busy={form.busy}>
            {t('auth.resetSend')}
          </Button>
        </Form>
      )}
      <p className={styles.other}>
        <Link to={links.login}>{t('auth.backToLogin')}</Link>
      </p>
    </AuthPage>
  )
}
