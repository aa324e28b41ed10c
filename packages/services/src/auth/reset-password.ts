/** Gives a user another password and ends every session; for the operator's command line, when it was forgotten. */
import { ParleyError } from '@parley/protocol'
import type { AuthContext } from './context.ts'
import { announceRevocations, endDevices } from './end-devices.ts'

export interface ResetPassword {
  readonly username: string
  /** Chosen for the user, not by the user: its strength is the caller's business. */
  readonly password: string
}

/** Throws `not_found`. */
export async function resetPassword(context: AuthContext, input: ResetPassword): Promise<void> {
  const { database, clock, passwords } = context
  const hash = await passwords.hash(input.password)
  const username = input.username.toLowerCase()
  const ended = await database.transaction(async (transaction) => {
    await transaction.query(
      'delete from auth.mail_token where account = (select id from auth.account where username = $1)',
      [username],
    )
    const { rows } = await transaction.query<{ id: string }>(
      'update auth.account set password_hash = $2 where username = $1 returning id',
      [username, hash],
    )
    const account = rows[0]
    if (account === undefined) throw new ParleyError('not_found')
    return endDevices(transaction, clock.now(), { account: account.id })
  })
  announceRevocations(context.bus, ended)
}
