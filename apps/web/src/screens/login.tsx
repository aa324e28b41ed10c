import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearch } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { useForm } from '../hooks/use-form.ts'
import { useLoad } from '../hooks/use-load.ts'
import { useStore } from '../hooks/use-store.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { PasswordField } from '../parts/password-field.tsx'
import styles from './auth-page.module.css'
import { AuthPage } from './auth-page.tsx'

export function LoginScreen() {
  const { t } = useTranslation()
  const parley = useParley()
  const session = useStore(parley.session)
  const search = useSearch()
  const mail = useLoad(useCallback(() => parley.email.isSent(), [parley])).state
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const form = useForm({
    fields: ['login', 'password'],
    refused: t('field.refused'),
    check: () => ({
      login: login.trim() === '' ? t('field.required') : undefined,
      password: password === '' ? t('field.required') : undefined,
    }),
    send: async () => {
      await parley.login({ login: login.trim(), password })
    },
  })
  const reason = session.status === 'signed_out' ? session.reason : undefined
  return (
    <AuthPage title={t('auth.loginTitle')}>
      {reason === undefined ? null : (
        <p className={styles.notice} role="status">
          {t(`auth.${reason}`)}
        </p>
      )}
      <Form state={form}>
        <Field
          label={t('auth.usernameOrEmail')}
          name="login"
          value={login}
          onValue={setLogin}
          autoComplete="username"
          autoCapitalize="off"
          spellCheck={false}
          error={form.errors.login}
        />
        <PasswordField
          label={t('auth.password')}
          name="password"
          value={password}
          onValue={setPassword}
          autoComplete="current-password"
          error={form.errors.password}
        />
        <Button type="submit" look="primary" busy={form.busy}>
          {t('auth.login')}
        </Button>
      </Form>
      {mail.status === 'ready' && mail.value ? (
        <p className={styles.other}>
          <Link to={links.forgot}>{t('auth.forgot')}</Link>
        </p>
      ) : null}
      <p className={styles.other}>
        {t('auth.toRegister')}{' '}
        <Link to={links.register + (search === '' ? '' : `?${search}`)}>{t('auth.register')}</Link>
      </p>
    </AuthPage>
  )
}
