/** Where a call goes that browsers cannot carry between them; null where no media server is up. */
import type { Call } from './call-machine.ts'
import type { SfuPlace } from './carry-call.ts'
import type { CallsDependencies } from './dependencies.ts'

export function choosePlace({
  placement,
  newSecret,
}: Pick<CallsDependencies, 'placement' | 'newSecret'>): SfuPlace | null {
  const server = placement.choose()?.name
  return server === undefined ? null : { server, room: newSecret(), secret: newSecret() }
}

/** It counts there before its people are there, if that is where the call went. */
export function takePlace(
  placement: CallsDependencies['placement'],
  { transport }: Call,
  place: SfuPlace | null | undefined,
): void {
  if (place && transport.kind === 'sfu' && transport.room === place.room) placement.take(place.server)
}
