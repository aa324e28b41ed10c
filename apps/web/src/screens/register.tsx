import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearch } from 'wouter'
import { useParley, usePreferences } from '../app/context.ts'
import { links } from '../app/links.ts'
import { emailRule, nameRule, passwordRule, usernameRule } from '../hooks/field-rules.ts'
import { useForm } from '../hooks/use-form.ts'
import { useStore } from '../hooks/use-store.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { PasswordField } from '../parts/password-field.tsx'
import styles from './auth-page.module.css'
import { AuthPage } from './auth-page.tsx'

export function RegisterScreen() {
  const { t } = useTranslation()
  const parley = useParley()
  const { language } = useStore(usePreferences())
  const search = useSearch()
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [displayName, setDisplayName] = useState('')
  const [email, setEmail] = useState('')
  const form = useForm({
    fields: ['username', 'password', 'display_name', 'email'],
    refused: t('field.refused'),
    check: () => ({
      username: usernameRule(username, t),
      password: passwordRule(password, t),
      display_name: displayName.trim() === '' ? undefined : nameRule(displayName, t),
      email: emailRule(email, t),
    }),
    send: async () => {
      await parley.register({
        username: username.trim().toLowerCase(),
        password,
        locale: language,
        ...(displayName.trim() === '' ? {} : { display_name: displayName.trim() }),
        ...(email.trim() === '' ? {} : { email: email.trim() }),
      })
    },
  })
  return (
    <AuthPage title={t('auth.registerTitle')}>
      <Form state={form}>
        <Field
          label={t('auth.username')}
          name="username"
          value={username}
          onValue={setUsername}
          autoComplete="username"
          autoCapitalize="off"
          spellCheck={false}
          hint={t('auth.usernameRule')}
          error={form.errors.username}
        />
        <PasswordField
          label={t('auth.password')}
          name="password"
          value={password}
          onValue={setPassword}
          autoComplete="new-password"
          hint={t('auth.passwordRule')}
          error={form.errors.password}
        />
        <Field
          label={t('auth.displayName')}
          name="display_name"
          value={displayName}
          onValue={setDisplayName}
          autoComplete="name"
          hint={t('auth.displayNameRule')}
          error={form.errors.display_name}
        />
        <Field
          label={t('auth.email')}
          name="email"
          type="email"
          value={email}
          onValue={setEmail}
          autoComplete="email"
          hint={t('auth.emailRule')}
          error={form.errors.email}
        />
        <Button type="submit" look="primary" busy={form.busy}>
          {t('auth.register')}
        </Button>
      </Form>
      <p className={styles.other}>
        {t('auth.toLogin')}{' '}
        <Link to={links.login + (search === '' ? '' : `?${search}`)}>{t('auth.login')}</Link>
      </p>
    </AuthPage>
  )
}
