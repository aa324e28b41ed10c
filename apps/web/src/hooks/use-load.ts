import type { Page } from '@parley/sdk/api'
import { useCallback, useEffect, useRef, useState } from 'react'

export type Loaded<Value> =
  | { readonly status: 'loading' }
  | { readonly status: 'error'; readonly error: unknown }
  | { readonly status: 'ready'; readonly value: Value }

/** Runs `load` when it changes (wrap it in `useCallback`); an answer that comes too late is dropped. */
export function useLoad<Value>(load: () => Promise<Value>): {
  state: Loaded<Value>
  reload: () => void
} {
  const [state, setState] = useState<Loaded<Value>>({ status: 'loading' })
  const [round, setRound] = useState(0)
  useEffect(() => {
    let current = true
    // A repetition keeps what is on the screen until the answer is there: no jump.
    setState((before) => (round > 0 && before.status === 'ready' ? before : { status: 'loading' }))
    load().then(
      (value) => current && setState({ status: 'ready', value }),
      (error: unknown) => current && setState({ status: 'error', error }),
    )
    return () => {
      current = false
    }
  }, [load, round])
  return { state, reload: useCallback(() => setRound((count) => count + 1), []) }
}

export interface Paged<Item> {
  readonly state: Loaded<readonly Item[]>
  readonly hasMore: boolean
  readonly loadingMore: boolean
  loadMore(): void
  reload(): void
}

/** A list that comes by pages; `load` gets the cursor of the next one. */
export function usePaged<Item>(load: (cursor?: string) => Promise<Page<Item>>): Paged<Item> {
  const first = useCallback(() => load(), [load])
  const { state, reload } = useLoad(first)
  const [more, setMore] = useState<{ of: Page<Item>; items: readonly Item[]; next: string | undefined }>()
  const [loadingMore, setLoadingMore] = useState(false)
  const latest = useRef(state)
  latest.current = state

  if (state.status !== 'ready')
    return { state, reload, hasMore: false, loadingMore: false, loadMore: () => undefined }
  const page = state.value
  const mine = more?.of === page ? more : undefined
  const items = mine?.items ?? page.items
  const next = mine === undefined ? page.next : mine.next
  return {
    state: { status: 'ready', value: items },
    reload,
    hasMore: next !== undefined,
    loadingMore,
    loadMore() {
      if (next === undefined || loadingMore) return
      setLoadingMore(true)
      load(next)
        .then((answer) => setMore({ of: page, items: [...items, ...answer.items], next: answer.next }))
        .catch(() => undefined)
        .finally(() => setLoadingMore(false))
    },
  }
}
