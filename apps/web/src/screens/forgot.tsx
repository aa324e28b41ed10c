import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { useForm } from '../hooks/use-form.ts'
import { useLoad } from '../hooks/use-load.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import styles from './auth-page.module.css'
import { AuthPage } from './auth-page.tsx'

export function ForgotScreen() {
  const { t } = useTranslation()
  const parley = useParley()
  const mail = useLoad(useCallback(() => parley.email.isSent(), [parley])).state
  const [login, setLogin] = useState('')
  const [sent, setSent] = useState(false)
  const form = useForm({
    fields: ['login'],
    refused: t('field.refused'),
    check: () => ({ login: login.trim() === '' ? t('field.required') : undefined }),
    send: async () => {
      await parley.email.forgot(login.trim())
      setSent(true)
    },
  })
  const isOff = mail.status === 'ready' && !mail.value
  return (
    <AuthPage title={t('auth.forgotTitle')}>
      {isOff || sent ? (
        <p className={styles.notice} role="status">
          {t(isOff ? 'auth.forgotOff' : 'auth.forgotSent')}
        </p>
      ) : (
        <Form state={form}>
          <Field
            label={t('auth.usernameOrEmail')}
            name="login"
            value={login}
            onValue={setLogin}
            autoComplete="username"
            autoCapitalize="off"
            spellCheck={false}
            hint={t('auth.forgotHint')}
            error={form.errors.login}
          />
          <Button type="submit" look="primary" busy={form.busy}>
            {t('auth.forgotSend')}
          </Button>
        </Form>
      )}
      <p className={styles.other}>
        <Link to={links.login}>{t('auth.backToLogin')}</Link>
      </p>
    </AuthPage>
  )
}
