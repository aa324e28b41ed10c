import { createContext, use, useMemo, useState } from 'react'

export type OverlayName = 'start' | 'switcher'

export interface Overlays {
  readonly name: OverlayName | null
  open(name: OverlayName): void
  close(): void
}

export const OverlayContext = createContext<Overlays | null>(null)

export function useOverlayState(): Overlays {
  const [name, setName] = useState<OverlayName | null>(null)
  return useMemo(() => ({ name, open: setName, close: () => setName(null) }), [name])
}

export function useOverlays(): Overlays {
  const overlays = use(OverlayContext)
  if (overlays === null) throw new Error('Overlays exist inside the shell only.')
  return overlays
}
