import type { CurrentCall } from '@parley/sdk/calls/call-types'
import { createContext, use } from 'react'
import type { StageChoice, TileName } from './choose-stage.ts'
import type { Controls } from './use-controls.ts'
import type { OwnWindowState } from './use-own-window.ts'

/** What the parts of a call on the screen share. */
export interface CallPlaceValue {
  readonly current: CurrentCall
  readonly choice: StageChoice
  readonly controls: Controls
  readonly layout: 'grid' | 'speaker'
  readonly pinned: TileName | null
  readonly phone: boolean
  readonly ownWindow: OwnWindowState
  /** The browser keeps the sound off until the person clicks. */
  readonly soundBlocked: boolean
  /** In answer to a click. */
  turnOnSound(): void
  setView(view: 'stage' | 'dock'): void
  setLayout(layout: 'grid' | 'speaker'): void
  pin(tile: TileName | null): void
}

export const CallPlaceContext = createContext<CallPlaceValue | null>(null)

export function useCallPlace(): CallPlaceValue {
  const place = use(CallPlaceContext)
  if (place === null) throw new Error('A part of a call was rendered outside of one.')
  return place
}
