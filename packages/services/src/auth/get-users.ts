/** People by id, in the order asked for; unknown ids are left out. */
import { ACCOUNT_COLUMNS, type AccountRow, toUser } from './accounts.ts'
import type { AuthVerb } from './context.ts'

export const getUsers: AuthVerb<'getUsers'> = async ({ database }, input) => {
  const { rows } = await database.query<AccountRow>(
    `select ${ACCOUNT_COLUMNS}
     from unnest($1::text[]) with ordinality as wanted (id, place) join auth.account as account using (id)
     order by wanted.place`,
    [input.ids],
    'auth-get-users',
  )
  return { users: rows.map(toUser) }
}
