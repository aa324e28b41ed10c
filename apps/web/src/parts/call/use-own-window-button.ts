import { useTranslation } from 'react-i18next'
import { useToasts } from '../toasts.tsx'
import { useCallPlace } from './call-place-context.ts'
import { useMiniTile } from './use-mini-tile.ts'
import { useSomeone } from './use-someone.ts'

/** Null where the browser has no windows above others, or only such with a picture and there is none. */
export function useOwnWindowButton(): { readonly label: string; readonly onClick: () => void } | null {
  const { t } = useTranslation('call')
  const toasts = useToasts()
  const { current, ownWindow } = useCallPlace()
  const someone = useSomeone(current, useMiniTile())
  if (ownWindow.kind === null) return null
  if (ownWindow.kind === 'video' && ownWindow.open === null && someone?.stream == null) return null
  return {
    label: t(ownWindow.open === null ? 'control.ownWindow' : 'control.backHere'),
    onClick: () => void ownWindow.toggle().catch(toasts.fail),
  }
}
