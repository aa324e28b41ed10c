import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../app/context.ts'
import { Button } from '../parts/button.tsx'
import { useTestTexts } from '../parts/call-test/test-texts.ts'
import { Pane } from '../parts/pane.tsx'
import { Administration } from '../parts/settings/administration.tsx'
import { Appearance } from '../parts/settings/appearance.tsx'
import { AvatarForm } from '../parts/settings/avatar-form.tsx'
import { CallSettings } from '../parts/settings/calls.tsx'
import { Devices } from '../parts/settings/devices.tsx'
import { EmailForm } from '../parts/settings/email.tsx'
import { NotificationForm } from '../parts/settings/notifications.tsx'
import { PasswordForm } from '../parts/settings/password-form.tsx'
import { ProfileForm } from '../parts/settings/profile-form.tsx'
import styles from '../parts/settings/settings.module.css'
import { useToasts } from '../parts/toasts.tsx'

export default function SettingsScreen() {
  const { t } = useTranslation()
  const { t: test } = useTestTexts()
  const parley = useParley()
  const toasts = useToasts()
  return (
    <Pane title={t('settings.title')}>
      <Section title={t('settings.profile')}>
        <AvatarForm />
        <ProfileForm />
      </Section>
      <Section title={t('settings.appearance')}>
        <Appearance />
      </Section>
      <Section title={t('settings.notifications')}>
        <NotificationForm />
      </Section>
      <Section title={test('settings.heading')}>
        <CallSettings />
      </Section>
      <Section title={t('settings.email')}>
        <EmailForm />
      </Section>
      <Section title={t('settings.security')}>
        <PasswordForm />
      </Section>
      <Section title={t('settings.devices')}>
        <Devices />
      </Section>
      <Section title={t('settings.administration')}>
        <Administration />
      </Section>
      <footer className={styles.footer}>
        <span>{t('settings.version', { host: location.host })}</span>
        <Button onClick={() => void parley.logout().catch(toasts.fail)}>{t('auth.logout')}</Button>
      </footer>
    </Pane>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section} aria-label={title}>
      <h2 className={styles.heading}>{title}</h2>
      {children}
    </section>
  )
}
