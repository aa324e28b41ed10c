/** Bars a user from signing in and ends every session, or lets the user back in. Administrators only. */
import { ParleyError } from '@parley/protocol'
import type { AuthVerb } from './context.ts'
import { demandAdministrator } from './demand-administrator.ts'
import { announceRevocations, endDevices, recordRevocations } from './end-devices.ts'

export const setDisabled: AuthVerb<'setDisabled'> = async (context, input) => {
  const { database, clock, changes } = context
  if (input.actor === input.user) {
    throw new ParleyError('conflict', { message: 'Administrators cannot disable themselves.' })
  }
  const { change, ended } = await database.transaction(async (transaction) => {
    await demandAdministrator(transaction, input.actor)
    const found = await transaction.query<{ disabled: boolean }>(
      'select disabled from auth.account where id = $1 for update',
      [input.user],
    )
    const before = found.rows[0]
    if (before === undefined) throw new ParleyError('not_found')
    if (before.disabled === input.disabled) return { change: undefined, ended: [] }
    await transaction.query('update auth.account set disabled = $2, version = version + 1 where id = $1', [
      input.user,
      input.disabled,
    ])
    const change = await changes.record(transaction, input.user)
    if (!input.disabled) return { change, ended: [] }
    const now = clock.now()
    // The user's own revocation is for gateways, which close everything of the user at once. What refuses tokens are
    // those of the devices: they stay right after the user was let back in, whatever the clocks of two processes say.
    const ofDevices = await endDevices(transaction, now, { account: input.user })
    const ofUser = await recordRevocations(transaction, now, [
      { kind: 'user', subject: input.user, lifetime: 'day' },
    ])
    return { change, ended: [...ofDevices, ...ofUser] }
  })

  announceRevocations(context.bus, ended)
  if (change !== undefined) await changes.announce(change)
  return {}
}
