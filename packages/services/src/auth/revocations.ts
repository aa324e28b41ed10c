/** What was revoked since a position of the feed, a page at a time. See `revocation_head` in the migrations for why none is missed. */
import type { Revocation } from '@parley/contracts'
import type { AuthVerb } from './context.ts'

export const REVOCATIONS_PAGE = 1_000

export const revocations: AuthVerb<'revocations'> = async ({ database, clock }, input) => {
  const now = clock.now()
  const { rows } = await database.query<Revocation>(
    `select id, at, kind, subject from auth.revocation
     where id > (select case when $1 > last_id then 0 else $1 end from auth.revocation_head) and until > $2
     order by id limit $3`,
    [input.after, now, REVOCATIONS_PAGE],
    'auth-revocations',
  )
  return { revocations: rows, now }
}
