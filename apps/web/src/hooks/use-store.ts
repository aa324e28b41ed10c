import type { Store } from '@parley/sdk/api'
import { useCallback, useSyncExternalStore } from 'react'

export function useStore<Value>(store: Store<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get)
}

/**
 * As `useStore`, but renders at most once a frame: a room with hundreds of messages a second costs one
 * render for each picture that is drawn, not one for each message.
 */
export function useFrameStore<Value>(store: Store<Value>): Value {
  const subscribe = useCallback(
    (listener: () => void) => {
      let frame = 0
      // A hidden tab draws no frames; its timer still runs, and the list stays up to date.
      let timer: ReturnType<typeof setTimeout> | undefined
      const flush = () => {
        cancelAnimationFrame(frame)
        clearTimeout(timer)
        frame = 0
        timer = undefined
        listener()
      }
      const end = store.subscribe(() => {
        if (timer !== undefined) return
        timer = setTimeout(flush, 250)
        frame = requestAnimationFrame(flush)
      })
      return () => {
        cancelAnimationFrame(frame)
        clearTimeout(timer)
        end()
      }
    },
    [store],
  )
  return useSyncExternalStore(subscribe, store.get)
}
