import type { Queryable } from '@parley/contracts'
import type { Change } from './change-relay.ts'
import type { AuthContext } from './context.ts'

/** In a transaction. With an administrator there, the setup code has served its purpose. Announce the change after the commit. */
export async function makeAdministrator(
  context: AuthContext,
  transaction: Queryable,
  account: string,
): Promise<Change> {
  await transaction.query('update auth.account set admin = true, version = version + 1 where id = $1', [
    account,
  ])
  await transaction.query('delete from auth.setup_code')
  return context.changes.record(transaction, account)
}
