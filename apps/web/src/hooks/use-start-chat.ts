import { useCallback } from 'react'
import { useLocation } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { useToasts } from '../parts/toasts.tsx'

/** Opens the direct conversation with somebody, the old one where there is one. Resolves to whether it worked. */
export function useStartChat(): (username: string) => Promise<boolean> {
  const parley = useParley()
  const [, navigate] = useLocation()
  const toasts = useToasts()
  return useCallback(
    async (username) => {
      try {
        const room = await parley.createRoom({ kind: 'direct', usernames: [username] })
        navigate(links.room(room.id))
        return true
      } catch (error) {
        toasts.fail(error)
        return false
      }
    },
    [parley, navigate, toasts],
  )
}
