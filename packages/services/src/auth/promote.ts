/** Makes a user an administrator; for the operator's command line. */
import { ParleyError } from '@parley/protocol'
import type { AuthVerb } from './context.ts'
import { makeAdministrator } from './make-administrator.ts'

export const promote: AuthVerb<'promote'> = async (context, input) => {
  const change = await context.database.transaction(async (transaction) => {
    const { rows } = await transaction.query<{ id: string; admin: boolean }>(
      'select id, admin from auth.account where username = $1 for update',
      [input.username.toLowerCase()],
    )
    const account = rows[0]
    if (account === undefined) throw new ParleyError('not_found')
    return account.admin ? undefined : makeAdministrator(context, transaction, account.id)
  })

  if (change !== undefined) await context.changes.announce(change)
  return {}
}
