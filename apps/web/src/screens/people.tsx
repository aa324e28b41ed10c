import type { User } from '@parley/protocol'
import { MessageSquare, UsersRound } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFoundPeople } from '../hooks/use-found-people.ts'
import { useOnline } from '../hooks/use-online.ts'
import { useMe, useWatch } from '../hooks/use-people.ts'
import { useStartChat } from '../hooks/use-start-chat.ts'
import { Empty, Failure } from '../parts/empty.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { Pane } from '../parts/pane.tsx'
import { PersonRow } from '../parts/person-row.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { SkeletonRows } from '../parts/skeleton.tsx'
import styles from './lists.module.css'

export default function PeopleScreen() {
  const { t } = useTranslation()
  const [query, setQuery] = useState('')
  return (
    <Pane title={t('people.title')}>
      <SearchBox
        label={t('people.search')}
        placeholder={t('people.searchPlaceholder')}
        value={query}
        onValue={setQuery}
      />
      {query.trim() === '' ? <Online /> : <Found query={query} />}
    </Pane>
  )
}

function Online() {
  const { t } = useTranslation()
  const me = useMe()
  const { state, reload } = useOnline()
  if (state.status === 'loading') return <SkeletonRows count={6} height={56} />
  if (state.status === 'error') return <Failure error={state.error} onRetry={reload} />
  const others = state.value.filter((user) => user.id !== me.id)
  if (others.length === 0)
    return <Empty icon={UsersRound} title={t('people.empty')} hint={t('people.emptyHint')} />
  return (
    <section className={styles.section}>
      <p className={styles.note} aria-live="polite">
        {t('people.count', { count: others.length })}
      </p>
      <PeopleList people={others} />
    </section>
  )
}

function Found({ query }: { query: string }) {
  const { t } = useTranslation()
  const { people, searching } = useFoundPeople(query)
  if (people.length === 0) {
    return searching ? <SkeletonRows count={3} height={56} /> : <Empty title={t('start.nobody')} />
  }
  return (
    <section className={styles.section} aria-busy={searching}>
      <h2 className={styles.heading}>{t('people.results')}</h2>
      <PeopleList people={people} />
    </section>
  )
}

function PeopleList({ people }: { people: readonly User[] }) {
  const { t } = useTranslation()
  const me = useMe()
  const start = useStartChat()
  useWatch(useMemo(() => people.map((user) => user.id).sort(), [people]))
  return (
    <ul className={styles.list}>
      {people.map((user) => (
        <li key={user.id}>
          <PersonRow user={user}>
            {user.id === me.id ? null : (
              <IconButton
                icon={MessageSquare}
                label={t('people.write', { name: user.display_name })}
                onClick={() => void start(user.username)}
              />
            )}
          </PersonRow>
        </li>
      ))}
    </ul>
  )
}
