import type { User } from '@parley/protocol'
import { X } from 'lucide-react'
import { type KeyboardEvent, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFoundPeople } from '../../hooks/use-found-people.ts'
import { useMe, useWatch } from '../../hooks/use-people.ts'
import { Field } from '../field.tsx'
import { PersonRow } from '../person-row.tsx'
import styles from './start.module.css'

interface PeoplePickerProps {
  readonly usernames: readonly string[]
  readonly onChange: (usernames: readonly string[]) => void
  readonly error: string | undefined
}

const shown = 6

/** Several people as chips: chosen from what is found, or typed and taken with Enter. */
export function PeoplePicker({ usernames, onChange, error }: PeoplePickerProps) {
  const { t } = useTranslation()
  const me = useMe()
  const [text, setText] = useState('')
  const { people } = useFoundPeople(text)
  const offered = useMemo(
    () => people.filter((user) => user.id !== me.id && !usernames.includes(user.username)).slice(0, shown),
    [people, me.id, usernames],
  )
  useWatch(offered.map((user) => user.id))

  const add = (username: string) => {
    if (username !== '' && !usernames.includes(username)) onChange([...usernames, username])
    setText('')
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const typed = text.trim().replace(/^@/, '').toLowerCase()
    if ((event.key === 'Enter' || event.key === ',') && typed !== '') {
      event.preventDefault()
      add(typed)
    } else if (event.key === 'Backspace' && text === '') onChange(usernames.slice(0, -1))
  }
  return (
    <div className={styles.picker}>
      <Chips usernames={usernames} onRemove={(gone) => onChange(usernames.filter((name) => name !== gone))} />
      <Field
        label={t('start.members')}
        name="usernames"
        placeholder={t('start.whoPlaceholder')}
        hint={t('start.memberHint')}
        value={text}
        onValue={setText}
        onKeyDown={onKeyDown}
        error={error}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      <Offered people={offered} onChoose={add} />
    </div>
  )
}

function Chips({
  usernames,
  onRemove,
}: {
  usernames: readonly string[]
  onRemove: (username: string) => void
}) {
  const { t } = useTranslation()
  if (usernames.length === 0) return null
  return (
    <ul className={styles.chips} aria-label={t('start.chosen')}>
      {usernames.map((username) => (
        <li key={username} className={styles.chip}>
          @{username}
          <button
            type="button"
            aria-label={t('start.removeName', { name: username })}
            onClick={() => onRemove(username)}
          >
            <X size={14} aria-hidden="true" />
          </button>
        </li>
      ))}
    </ul>
  )
}

function Offered({ people, onChoose }: { people: readonly User[]; onChoose: (username: string) => void }) {
  const { t } = useTranslation()
  return (
    <ul className={styles.found} aria-label={t('people.results')}>
      {people.map((user) => (
        <li key={user.id}>
          <button type="button" className={styles.person} onClick={() => onChoose(user.username)}>
            <PersonRow user={user} />
          </button>
        </li>
      ))}
    </ul>
  )
}
