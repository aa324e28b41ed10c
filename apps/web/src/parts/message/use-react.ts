import type { TimelineMessage } from '@parley/sdk/api'
import { useCallback } from 'react'
import { useParley, useStorage } from '../../app/context.ts'
import { useToasts } from '../toasts.tsx'
import { rememberEmoji } from './recent-emoji.ts'

/** Puts a reaction on a message, or takes one's own away. */
export function useReact(message: TimelineMessage, seq: number): (emoji: string) => void {
  const parley = useParley()
  const storage = useStorage()
  const toasts = useToasts()
  return useCallback(
    (emoji) => {
      const mine = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.mine)
      if (!mine) rememberEmoji(storage, emoji)
      const change = mine ? parley.unreact : parley.react
      change(message.room, seq, emoji).catch(toasts.fail)
    },
    [parley, storage, toasts, message.reactions, message.room, seq],
  )
}
