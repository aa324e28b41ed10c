import type { CallPeer, Calls, CallsState } from '@parley/sdk/calls/call-types'
import { useParley } from '../app/context.ts'
import { useStore } from './use-store.ts'

export const useCalls = (): Calls => useParley().calls

/** Calls of my rooms, those that ring, and the one that this tab is in. */
export const useCallsState = (): CallsState => useStore(useCalls())

/** A `MediaStream`, as it is one in every browser; the SDK knows only the part of it that it needs. */
export const streamOf = (stream: CallPeer['camera']): MediaStream | null => stream as MediaStream | null
