/** Records for other services' copies: by ids or user names, or all of them in pages by id. */
import { RECORDS_PAGE, readRecordPage, readRecords } from './accounts.ts'
import type { AuthVerb } from './context.ts'

export const userRecords: AuthVerb<'userRecords'> = async ({ database }, input) => {
  if (input.ids !== undefined || input.usernames !== undefined) {
    const users = await readRecords(
      database,
      'where account.id = any($1) or account.username = any($2) order by account.id',
      [input.ids ?? [], input.usernames ?? []],
    )
    return { users }
  }
  const limit = Math.min(input.limit ?? RECORDS_PAGE, RECORDS_PAGE)
  return { users: await readRecordPage(database, input.after ?? '', limit) }
}
