import type { User } from '@parley/protocol'
import { useCallback, useEffect } from 'react'
import { useParley } from '../app/context.ts'
import { type Loaded, useLoad } from './use-load.ts'

/** Who comes is only known by asking; who goes is pushed by presence. */
const askEveryMs = 10_000

/** The people online, asked for again while the page is looked at. */
export function useOnline(): { state: Loaded<readonly User[]>; reload: () => void } {
  const parley = useParley()
  const { state, reload } = useLoad(useCallback(() => parley.onlineUsers(), [parley]))
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) reload()
    }, askEveryMs)
    return () => clearInterval(timer)
  }, [reload])
  return { state, reload }
}
