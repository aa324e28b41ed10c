/** Ends the device session one is signed in with. Ending it twice is no error. */
import type { AuthVerb } from './context.ts'
import { announceRevocations, endDevices } from './end-devices.ts'

export const logout: AuthVerb<'logout'> = async ({ database, clock, bus }, input) => {
  const ended = await database.transaction((transaction) =>
    endDevices(transaction, clock.now(), { account: input.user, devices: [input.device] }),
  )
  announceRevocations(bus, ended)
  return {}
}
