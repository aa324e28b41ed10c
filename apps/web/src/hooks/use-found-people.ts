import type { User } from '@parley/protocol'
import { useEffect, useState } from 'react'
import { useParley } from '../app/context.ts'
import { useDebounced } from './use-debounced.ts'

const restMs = 150

export interface FoundPeople {
  readonly people: readonly User[]
  readonly searching: boolean
}

const nobody: FoundPeople = { people: [], searching: false }

/** People whose name holds what is typed; keeps the last answer on the screen until the next one is there. */
export function useFoundPeople(text: string): FoundPeople {
  const parley = useParley()
  const query = useDebounced(text.trim().replace(/^@/, ''), restMs)
  const [found, setFound] = useState<{ query: string; people: readonly User[] }>({ query: '', people: [] })
  useEffect(() => {
    if (query === '') return
    let current = true
    parley.searchUsers(query).then(
      ({ items }) => current && setFound({ query, people: items }),
      () => current && setFound({ query, people: [] }),
    )
    return () => {
      current = false
    }
  }, [parley, query])
  if (text.trim() === '') return nobody
  return { people: found.people, searching: found.query !== text.trim().replace(/^@/, '') }
}
