import { type FormEvent, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFoundPeople } from '../../hooks/use-found-people.ts'
import { useMe, useWatch } from '../../hooks/use-people.ts'
import { useStartChat } from '../../hooks/use-start-chat.ts'
import { Button } from '../button.tsx'
import { Field } from '../field.tsx'
import { PersonRow } from '../person-row.tsx'
import styles from './start.module.css'

/** With one person: chosen from what is found, or by the exact user name and Enter. */
export function DirectForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const start = useStartChat()
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const { people, searching } = useFoundPeople(name)
  const others = useMemo(() => people.filter((user) => user.id !== me.id).slice(0, 8), [people, me.id])
  useWatch(others.map((user) => user.id))

  const open = async (username: string) => {
    setBusy(true)
    if (await start(username)) onDone()
    setBusy(false)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const typed = name.trim().replace(/^@/, '').toLowerCase()
    const chosen =
      others.find((user) => user.username === typed) ?? (others.length === 1 ? others[0] : undefined)
    if (typed !== '') void open(chosen?.username ?? typed)
  }
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Field
        label={t('start.who')}
        name="username"
        placeholder={t('start.whoPlaceholder')}
        value={name}
        onValue={setName}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      <ul className={styles.found} aria-label={t('people.results')}>
        {others.map((user) => (
          <li key={user.id}>
            <button
              type="button"
              className={styles.person}
              disabled={busy}
              onClick={() => void open(user.username)}
            >
              <PersonRow user={user} />
            </button>
          </li>
        ))}
      </ul>
      <p className={styles.note} role="status">
        {name.trim() === ''
          ? t('start.typeName')
          : searching
            ? t('start.searching')
            : others.length === 0
              ? t('start.nobody')
              : ''}
      </p>
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={busy} disabled={name.trim() === ''}>
          {t('action.start')}
        </Button>
      </div>
    </form>
  )
}
