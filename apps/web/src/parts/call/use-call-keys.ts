import { useEffect, useEffectEvent, useRef } from 'react'
import { callAction, placeOf } from './call-keys.ts'
import { useCallPreferences } from './call-preferences.ts'
import type { Controls } from './use-controls.ts'

interface CallKeys {
  readonly view: 'stage' | 'dock'
  readonly controls: Controls
  readonly muted: boolean
  readonly shrink: () => void
}

/** Hears the keys of a call on the whole page, as long as there is one. */
export function useCallKeys({ view, controls, muted, shrink }: CallKeys): void {
  const { pushToTalk, letterKeys } = useCallPreferences()
  const held = useRef(false)
  const onDown = useEffectEvent((event: KeyboardEvent) => {
    const action = callAction(
      {
        key: event.key,
        modified: event.ctrlKey || event.metaKey || event.altKey || event.shiftKey,
        repeat: event.repeat,
        taken: event.defaultPrevented || event.isComposing,
        place: placeOf(event.target instanceof Element ? event.target : null),
      },
      { view, canShare: controls.canShare, muted, pushToTalk, letterKeys },
    )
    // A held bar scrolls otherwise.
    if (action !== null || (event.key === ' ' && held.current)) event.preventDefault()
    if (action === null) return
    if (action === 'shrink') return shrink()
    if (action !== 'talk') return controls[action]()
    held.current = true
    controls.talk(true)
  })
  const letGo = useEffectEvent(() => {
    if (!held.current) return
    held.current = false
    controls.talk(false)
  })
  useEffect(() => {
    const down = (event: KeyboardEvent) => onDown(event)
    const up = (event: KeyboardEvent) => event.key === ' ' && letGo()
    const away = () => letGo()
    // Before a hint under the mouse takes Escape for itself; in menus and dialogs the focus says whose key it is.
    document.addEventListener('keydown', down, true)
    document.addEventListener('keyup', up)
    // The key comes up elsewhere then.
    window.addEventListener('blur', away)
    return () => {
      document.removeEventListener('keydown', down, true)
      document.removeEventListener('keyup', up)
      window.removeEventListener('blur', away)
    }
  }, [])
}
