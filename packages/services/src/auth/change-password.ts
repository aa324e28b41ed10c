/** A new password; every other device has to sign in again. */
import { ParleyError } from '@parley/protocol'
import type { AuthVerb } from './context.ts'
import { announceRevocations, endDevices } from './end-devices.ts'
import { dropTokens } from './mail/mail-tokens.ts'

export const changePassword: AuthVerb<'changePassword'> = async (context, input) => {
  const { database, clock, passwords, throttle } = context
  await throttle.admit(input.user, input.address)
  const { rows } = await database.query<{ password_hash: string }>(
    'select password_hash from auth.account where id = $1',
    [input.user],
  )
  const checked = rows[0]?.password_hash
  if (!(await passwords.verify(checked, input.current))) throw new ParleyError('bad_credentials')
  throttle.succeeded(input.user, input.address)
  if (context.isCommonPassword(input.next)) throw new ParleyError('password_too_common')

  const hash = await passwords.hash(input.next)
  const ended = await database.transaction(async (transaction) => {
    // A link that somebody asked for must not undo this, nor lead to an address that they chose.
    await dropTokens(transaction, input.user, ['reset', 'verify'])
    const { rowCount } = await transaction.query(
      'update auth.account set password_hash = $3 where id = $1 and password_hash = $2',
      [input.user, checked, hash],
    )
    // Somebody changed it while this one was being hashed: what was typed as current no longer is.
    if (rowCount === 0) throw new ParleyError('bad_credentials')
    return endDevices(transaction, clock.now(), { account: input.user, except: input.device })
  })

  announceRevocations(context.bus, ended)
  return {}
}
