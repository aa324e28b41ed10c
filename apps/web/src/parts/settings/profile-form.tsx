import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { nameRule } from '../../hooks/field-rules.ts'
import { useForm } from '../../hooks/use-form.ts'
import { useMe } from '../../hooks/use-people.ts'
import { Button } from '../button.tsx'
import { Field } from '../field.tsx'
import { Form } from '../form.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './settings.module.css'

export function ProfileForm() {
  const { t } = useTranslation()
  const parley = useParley()
  const me = useMe()
  const toasts = useToasts()
  const [name, setName] = useState(me.display_name)
  const form = useForm({
    fields: ['display_name'],
    refused: t('field.refused'),
    check: () => ({ display_name: nameRule(name, t) }),
    send: async () => {
      await parley.updateMe({ display_name: name.trim() })
      toasts.tell(t('settings.saved'))
    },
  })
  return (
    <Form state={form} className={styles.form}>
      <Field
        label={t('auth.username')}
        name="username"
        value={me.username}
        onValue={() => undefined}
        readOnly
      />
      <Field
        label={t('auth.displayName')}
        name="display_name"
        value={name}
        onValue={setName}
        error={form.errors.display_name}
        autoComplete="name"
      />
      <Button type="submit" busy={form.busy} disabled={name.trim() === me.display_name}>
        {t('action.save')}
      </Button>
    </Form>
  )
}
