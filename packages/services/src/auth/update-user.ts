/** Changes what others see of oneself. What stays as it was is told to nobody. */
import { ParleyError } from '@parley/protocol'
import { ACCOUNT_COLUMNS, type AccountRow, toUser } from './accounts.ts'
import type { AuthVerb } from './context.ts'

export const updateUser: AuthVerb<'updateUser'> = async ({ database, changes }, input) => {
  const change = await database.transaction(async (transaction) => {
    const { rowCount } = await transaction.query(
      `update auth.account set display_name = $2, version = version + 1
       where id = $1 and display_name is distinct from $2 and $2::text is not null`,
      [input.user, input.display_name ?? null],
    )
    return rowCount === 0 ? undefined : changes.record(transaction, input.user)
  })
  if (change !== undefined) await changes.announce(change)

  const { rows } = await database.query<AccountRow>(
    `select ${ACCOUNT_COLUMNS} from auth.account as account where id = $1`,
    [input.user],
  )
  const row = rows[0]
  if (row === undefined) throw new ParleyError('not_found')
  return { user: toUser(row) }
}
