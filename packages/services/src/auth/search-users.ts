/**
 * People by a part of their user name or display name, without regard to case and accents; everybody without a
 * query. Names that begin with it come first. Disabled accounts are left out.
 */
import { ParleyError } from '@parley/protocol'
import { ACCOUNT_COLUMNS, type AccountRow, toUser } from './accounts.ts'
import type { AuthVerb } from './context.ts'

interface FoundRow extends AccountRow {
  rank: number
}

export const searchUsers: AuthVerb<'searchUsers'> = async ({ database }, input) => {
  const after = readCursor(input.cursor)
  const { rows } = await database.query<FoundRow>(
    `select * from (
       select ${ACCOUNT_COLUMNS},
         case when folded like auth.folded_pattern($1) || '%'
           or folded like E'%\\n' || auth.folded_pattern($1) || '%' then 0 else 1 end as rank
       from auth.account as account
       where folded like '%' || auth.folded_pattern($1) || '%' and not disabled
     ) as found
     where (rank, username) > ($2, $3) order by rank, username limit $4`,
    [input.query ?? '', after.rank, after.username, input.limit + 1],
    'auth-search-users',
  )
  const page = rows.slice(0, input.limit)
  const last = page.at(-1)
  const more = rows.length > input.limit && last !== undefined
  return { users: page.map(toUser), ...(more ? { next: `${last.rank}:${last.username}` } : {}) }
}

/** A cursor is the rank and the user name of the last one seen. */
function readCursor(cursor: string | undefined): { rank: number; username: string } {
  if (cursor === undefined) return { rank: -1, username: '' }
  const match = /^([01]):([a-z0-9_.-]+)$/.exec(cursor)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new ParleyError('invalid_request', { details: { cursor: 'is not a cursor of this list' } })
  }
  return { rank: Number(match[1]), username: match[2] }
}
