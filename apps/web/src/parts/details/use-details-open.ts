import { useState } from 'react'
import { useStorage } from '../../app/context.ts'
import { useMedia } from '../../hooks/use-media.ts'

const key = 'parley.details'

export interface DetailsState {
  /** Beside the conversation; else a sheet above it. */
  readonly wide: boolean
  readonly open: boolean
  toggle(): void
  close(): void
}

/** As a pane it stays where one left it; as a sheet it opens for a look only. */
export function useDetailsOpen(): DetailsState {
  const storage = useStorage()
  const wide = useMedia('(width >= 75rem)')
  const [pane, setPane] = useState(() => storage.getItem(key) === 'open')
  const [sheet, setSheet] = useState(false)
  const open = wide ? pane : sheet
  const set = (next: boolean) => {
    if (!wide) return setSheet(next)
    setPane(next)
    storage.setItem(key, next ? 'open' : 'closed')
  }
  return { wide, open, toggle: () => set(!open), close: () => set(false) }
}
