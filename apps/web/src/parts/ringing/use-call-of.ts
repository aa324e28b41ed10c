import type { CallShape } from '@parley/protocol/calls'
import type { CallsState } from '@parley/sdk/calls/call-types'
import { useSyncExternalStore } from 'react'
import { useCalls } from '../../hooks/use-calls.ts'

/** A part of what is known of calls; `select` returns the same for the same state. While one talks the whole changes often. */
export function useFromCalls<Value>(select: (state: CallsState) => Value): Value {
  const calls = useCalls()
  return useSyncExternalStore(calls.subscribe, () => select(calls.get()))
}

/** The call that goes on in this room. */
export function useCallOf(room: string): CallShape | undefined {
  return useFromCalls(({ calls }) => calls.find((call) => call.room === room))
}

/** Who is in it now, in the order of the server. */
export function presentIn({ participants }: CallShape): readonly string[] {
  return participants.flatMap(({ user, standing }) => (standing === 'joined' ? [user] : []))
}
