/** Changes what others see of oneself. What stays as it was is told to nobody. */
import { ParleyError } from '@parley/protocol'
import { ACCOUNT_COLUMNS, type AccountRow, toUser } from './accounts.ts'
import type { AuthVerb } from './context.ts'

export const updateUser: AuthVerb<'updateUser'> = async ({ database, changes }, input) => {
  const change = await database.transaction(async (transaction) => {
    const { rowCount } = await transaction.query(
      `update auth.account set display_name = coalesce($2, display_name),
         avatar_file_id = case when $3 then $4 else avatar_file_id end, version = version + 1
       where id = $1 and (display_name is distinct from coalesce($2, display_name)
         or ($3 and avatar_file_id is distinct from $4))`,
      [
        input.user,
        input.display_name ?? null,
        input.avatar_file_id !== undefined,
        input.avatar_file_id ?? null,
      ],
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
