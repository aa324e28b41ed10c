import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { passwordRule } from '../../hooks/field-rules.ts'
import { useForm } from '../../hooks/use-form.ts'
import { Button } from '../button.tsx'
import { Form } from '../form.tsx'
import { PasswordField } from '../password-field.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './settings.module.css'

export function PasswordForm() {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const form = useForm({
    fields: ['current', 'next'],
    refused: t('field.refused'),
    check: () => ({
      current: current === '' ? t('field.required') : undefined,
      next: passwordRule(next, t) ?? (next === current ? t('field.passwordSame') : undefined),
    }),
    send: async () => {
      await parley.changePassword({ current, next })
      setCurrent('')
      setNext('')
      toasts.tell(t('settings.passwordChanged'))
    },
  })
  return (
    <Form state={form} className={styles.form}>
      <PasswordField
        label={t('settings.currentPassword')}
        name="current"
        value={current}
        onValue={setCurrent}
        autoComplete="current-password"
        error={form.errors.current}
      />
      <PasswordField
        label={t('settings.newPassword')}
        name="next"
        value={next}
        onValue={setNext}
        autoComplete="new-password"
        hint={`${t('auth.passwordRule')}. ${t('settings.passwordHint')}`}
        error={form.errors.next}
      />
      <Button type="submit" busy={form.busy}>
        {t('settings.changePassword')}
      </Button>
    </Form>
  )
}
