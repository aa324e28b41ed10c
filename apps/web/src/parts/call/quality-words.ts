/** How somebody's part in a call is told in words: for a tile's name, in the order in which it matters. */
import type { PeerState, Quality } from '@parley/sdk/calls/call-types'

export interface Condition {
  /** Null of oneself. */
  readonly state: PeerState | null
  readonly quality: Quality
  readonly sound: boolean
  readonly screen: boolean
}

const states = {
  connecting: 'state.connecting',
  reconnecting: 'state.reconnecting',
  failed: 'state.failed',
} as const
const qualities = { good: 'quality.good', fair: 'quality.fair', poor: 'quality.poor' } as const

export type ConditionWord =
  | (typeof states)[keyof typeof states]
  | (typeof qualities)[keyof typeof qualities]
  | 'muted'
  | 'showsScreen'

/** Without a connection there is no quality of it. Keys of the catalogue `call`. */
export function conditionWords({ state, quality, sound, screen }: Condition): readonly ConditionWord[] {
  const words: ConditionWord[] = []
  if (state !== null && state !== 'connected') words.push(states[state])
  if (!sound) words.push('muted')
  if (screen) words.push('showsScreen')
  if (state === 'connected' && quality !== 'unknown') words.push(qualities[quality])
  return words
}

/** 0:05, 12:34, 1:02:03 */
export function callLength(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const two = (count: number) => String(count).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`
}
