import { useCallback, useState } from 'react'
import { useStorage } from '../../app/context.ts'

/** What was begun in a room and not sent, kept on this device. */
export function useDraft(user: string, room: string): [string, (text: string) => void] {
  const storage = useStorage()
  const key = `parley.draft.${user}.${room}`
  const [text, setText] = useState(() => storage.getItem(key) ?? '')
  const change = useCallback(
    (next: string) => {
      setText(next)
      if (next === '') storage.removeItem(key)
      else storage.setItem(key, next)
    },
    [storage, key],
  )
  return [text, change]
}
