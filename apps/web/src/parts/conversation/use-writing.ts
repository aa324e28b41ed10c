import type { Timeline, TimelineMessage } from '@parley/sdk/api'
import { useCallback, useState } from 'react'
import type { Writing } from '../composer/composer.tsx'

/** What the composer is about: a new message, an answer, or a change. */
export function useWriting(timeline: Timeline, me: string) {
  const [writing, setWriting] = useState<Writing | null>(null)
  const [editText, setEditText] = useState('')
  const reply = useCallback((message: TimelineMessage) => setWriting({ kind: 'reply', message }), [])
  const edit = useCallback((message: TimelineMessage) => {
    setEditText(message.body)
    setWriting({ kind: 'edit', message })
  }, [])
  /** Ends it, unless something else was begun since. */
  const stop = useCallback(
    (which?: Writing | null) => setWriting((now) => (which == null || now === which ? null : now)),
    [],
  )
  const editLast = useCallback(() => {
    const last = timeline
      .get()
      .items.findLast(
        (item) => item.type === 'message' && item.from === me && item.seq !== null && item.deleted !== true,
      )
    if (last?.type === 'message') edit(last)
  }, [timeline, me, edit])
  return { writing, editText, setEditText, reply, edit, editLast, stop }
}
