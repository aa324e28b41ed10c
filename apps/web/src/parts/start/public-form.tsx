import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useParley } from '../../app/context.ts'
import { links } from '../../app/links.ts'
import { roomNameRule } from '../../hooks/field-rules.ts'
import { useForm } from '../../hooks/use-form.ts'
import { Button } from '../button.tsx'
import { Field } from '../field.tsx'
import { Form } from '../form.tsx'
import styles from './start.module.css'

/** A public room: everybody signed in can find and join it. */
export function PublicForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const parley = useParley()
  const [, navigate] = useLocation()
  const [name, setName] = useState('')
  const form = useForm({
    fields: ['name'],
    refused: t('field.refused'),
    check: () => ({ name: roomNameRule(name, t) }),
    send: async () => {
      const room = await parley.createRoom({ kind: 'public', name: name.trim() })
      onDone()
      navigate(links.room(room.id))
    },
  })
  return (
    <Form state={form}>
      <Field
        label={t('start.roomName')}
        name="name"
        hint={t('start.roomNameHint')}
        value={name}
        onValue={setName}
        error={form.errors.name}
        autoComplete="off"
      />
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={form.busy}>
          {t('start.create')}
        </Button>
      </div>
    </Form>
  )
}
