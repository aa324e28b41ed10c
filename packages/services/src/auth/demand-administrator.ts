import type { Queryable } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

/** Throws `forbidden` unless the actor is an administrator at this moment. */
export async function demandAdministrator(database: Queryable, actor: string): Promise<void> {
  const { rowCount } = await database.query(
    'select 1 from auth.account where id = $1 and admin and not disabled',
    [actor],
  )
  if (rowCount === 0) throw new ParleyError('forbidden')
}
