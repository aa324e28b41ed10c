/** What the dialog before a call is asked for. Small, because it is part of the first load; the dialog itself is loaded when it opens. */
import { createContext, use, useMemo, useState } from 'react'

/** Calling a room, or joining a call that is there. */
export type PreJoinAsk =
  | { readonly room: string; readonly media: 'sound' | 'video' }
  | { readonly call: string }

export interface PreJoin {
  /** Null: the dialog is closed. */
  readonly ask: PreJoinAsk | null
  open(ask: PreJoinAsk): void
  close(): void
}

export const PreJoinContext = createContext<PreJoin | null>(null)

export function usePreJoinState(): PreJoin {
  const [ask, setAsk] = useState<PreJoinAsk | null>(null)
  return useMemo(() => ({ ask, open: setAsk, close: () => setAsk(null) }), [ask])
}

export function usePreJoin(): PreJoin {
  const preJoin = use(PreJoinContext)
  if (preJoin === null) throw new Error('Calls exist inside the shell only.')
  return preJoin
}

/** `const openPreJoin = useOpenPreJoin()`, then `openPreJoin({ room, media })` or `openPreJoin({ call })` in answer to a click. */
export const useOpenPreJoin = (): PreJoin['open'] => usePreJoin().open
