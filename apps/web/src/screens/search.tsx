import { foldText, type Message } from '@parley/protocol'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation, useSearch } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { useDates } from '../hooks/use-dates.ts'
import { useDebounced } from '../hooks/use-debounced.ts'
import { usePaged } from '../hooks/use-load.ts'
import { useUser } from '../hooks/use-people.ts'
import { useRoomTitle } from '../hooks/use-room-title.ts'
import { useStore } from '../hooks/use-store.ts'
import { Button } from '../parts/button.tsx'
import { Empty, Failure } from '../parts/empty.tsx'
import { previewText } from '../parts/files/preview-text.ts'
import { Pane } from '../parts/pane.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { SkeletonRows } from '../parts/skeleton.tsx'
import styles from './lists.module.css'

const restMs = 250
/** What is shown of a long message before the place that was found. */
const leadLetters = 60

/** What is searched is in the address, so that it can be linked, reloaded and gone back to. */
export default function SearchScreen() {
  const { t } = useTranslation()
  const parley = useParley()
  const title = useRoomTitle()
  const [, navigate] = useLocation()
  const params = new URLSearchParams(useSearch())
  const roomId = params.get('room') ?? ''
  const room = useStore(parley.room(roomId))
  const [text, setText] = useState(params.get('q') ?? '')
  const query = useDebounced(text.trim(), restMs)
  const input = useRef<HTMLInputElement>(null)
  const go = (next: { q: string; room: string }) => {
    const wanted = new URLSearchParams(Object.entries(next).filter(([, value]) => value !== ''))
    const search = wanted.toString()
    navigate(search === '' ? links.search : `${links.search}?${search}`, { replace: true })
  }
  useEffect(() => input.current?.focus(), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows the words, not the other way round.
  useEffect(() => go({ q: query, room: roomId }), [query])
  return (
    <Pane title={t('search.title')}>
      <SearchBox
        inputRef={input}
        label={t('search.title')}
        placeholder={t('search.placeholder')}
        value={text}
        onValue={setText}
      />
      {room === undefined ? null : (
        <div className={styles.scope}>
          <Button look="primary" aria-pressed="true">
            {t('search.inRoom', { room: title(room) })}
          </Button>
          <Button aria-pressed="false" onClick={() => go({ q: query, room: '' })}>
            {t('search.everywhere')}
          </Button>
        </div>
      )}
      {query === '' ? (
        <p className={styles.note}>{t('search.hint')}</p>
      ) : (
        <Results query={query} room={room?.id} />
      )}
    </Pane>
  )
}

function Results({ query, room }: { query: string; room: string | undefined }) {
  const { t } = useTranslation()
  const parley = useParley()
  const found = usePaged(
    useCallback(
      (cursor?: string) =>
        parley.searchMessages({
          query,
          ...(room === undefined ? {} : { room }),
          ...(cursor === undefined ? {} : { cursor }),
        }),
      [parley, query, room],
    ),
  )
  if (found.state.status === 'loading') return <SkeletonRows count={5} height={64} />
  if (found.state.status === 'error') return <Failure error={found.state.error} onRetry={found.reload} />
  const messages = found.state.value
  if (messages.length === 0) return <Empty title={t('search.empty', { query })} />
  return (
    <section aria-label={t('search.results')}>
      <ul className={styles.list}>
        {messages.map((message) => (
          <li key={`${message.room}/${message.seq}`}>
            <Hit message={message} query={query} />
          </li>
        ))}
      </ul>
      {found.hasMore ? (
        <Button className={styles.more} busy={found.loadingMore} onClick={found.loadMore}>
          {t('action.showMore')}
        </Button>
      ) : null}
    </section>
  )
}

function Hit({ message, query }: { message: Message; query: string }) {
  const { t } = useTranslation()
  const dates = useDates()
  const title = useRoomTitle()
  const room = useStore(useParley().room(message.room))
  const author = useUser(message.from)
  return (
    <Link to={links.message(message.room, message.seq)} className={styles.hit}>
      <span className={styles.hitHead}>
        <span>
          {author?.display_name ?? t('conversation.unknownUser')}
          {room === undefined ? null : ` · ${title(room)}`}
        </span>
        <time dateTime={new Date(message.at).toISOString()}>{dates.short(message.at)}</time>
      </span>
      <span className={styles.hitBody}>
        <Marked text={previewText(message, t)} query={query} />
      </span>
    </Link>
  )
}

/** Marks the first place that was found. Folding can change lengths, so it is done letter by letter. */
function Marked({ text, query }: { text: string; query: string }) {
  const letters = [...text]
  const folded = letters.map(foldText)
  const wanted = foldText(query)
  const starts: number[] = []
  let whole = ''
  for (const letter of folded) {
    starts.push(whole.length)
    whole += letter
  }
  const at = whole.indexOf(wanted)
  if (at === -1) return text
  const from = starts.findLastIndex((start) => start <= at)
  const to = starts.findIndex((start) => start >= at + wanted.length)
  const end = to === -1 ? letters.length : to
  const begin = Math.max(0, from - leadLetters)
  return (
    <>
      {begin > 0 ? '…' : ''}
      {letters.slice(begin, from).join('')}
      <mark>{letters.slice(from, end).join('')}</mark>
      {letters.slice(end).join('')}
    </>
  )
}
