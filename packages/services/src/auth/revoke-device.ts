/** Ends another device session of one's own; `not_found` for anything else, foreign ones included. */
import { ParleyError } from '@parley/protocol'
import type { AuthVerb } from './context.ts'
import { announceRevocations, endDevices } from './end-devices.ts'

export const revokeDevice: AuthVerb<'revokeDevice'> = async ({ database, clock, bus }, input) => {
  const ended = await database.transaction((transaction) =>
    endDevices(transaction, clock.now(), { account: input.user, devices: [input.device] }),
  )
  if (ended.length === 0) throw new ParleyError('not_found')
  announceRevocations(bus, ended)
  return {}
}
