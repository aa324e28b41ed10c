import { GROUP_NAMES_MAX } from '@parley/protocol'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useParley } from '../../app/context.ts'
import { links } from '../../app/links.ts'
import { nameRule } from '../../hooks/field-rules.ts'
import { useForm } from '../../hooks/use-form.ts'
import { Button } from '../button.tsx'
import { Field } from '../field.tsx'
import { Form } from '../form.tsx'
import { PeoplePicker } from './people-picker.tsx'
import styles from './start.module.css'

/** A group: a name, and people by user name. */
export function GroupForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const parley = useParley()
  const [, navigate] = useLocation()
  const [name, setName] = useState('')
  const [usernames, setUsernames] = useState<readonly string[]>([])
  const form = useForm({
    fields: ['name', 'usernames'],
    refused: t('field.refused'),
    check: () => ({
      name: nameRule(name, t),
      usernames:
        usernames.length > GROUP_NAMES_MAX ? t('start.tooMany', { max: GROUP_NAMES_MAX }) : undefined,
    }),
    send: async () => {
      const room = await parley.createRoom({ kind: 'group', name: name.trim(), usernames })
      onDone()
      navigate(links.room(room.id))
    },
  })
  return (
    <Form state={form}>
      <Field
        label={t('start.groupName')}
        name="name"
        value={name}
        onValue={setName}
        error={form.errors.name}
        autoComplete="off"
      />
      <PeoplePicker usernames={usernames} onChange={setUsernames} error={form.errors.usernames} />
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={form.busy}>
          {t('start.create')}
        </Button>
      </div>
    </Form>
  )
}
