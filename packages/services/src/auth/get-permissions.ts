/** What a user may do: one's own, or anybody's for an administrator. Without a user, what everyone may do by default. */
import { ParleyError } from '@parley/protocol'
import { effectivePermissions, type PermissionChanges, readRecords } from './accounts.ts'
import type { AuthVerb } from './context.ts'
import { demandAdministrator } from './demand-administrator.ts'

export const getPermissions: AuthVerb<'getPermissions'> = async ({ database }, input) => {
  if (input.user === undefined) {
    const { rows } = await database.query<{ permissions: PermissionChanges }>(
      'select permissions from auth.defaults',
    )
    return { permissions: effectivePermissions(rows[0]?.permissions ?? {}), admin: false }
  }
  if (input.user !== input.actor) await demandAdministrator(database, input.actor)
  const [record] = await readRecords(database, 'where account.id = $1', [input.user])
  if (record === undefined) throw new ParleyError('not_found')
  return { permissions: record.permissions, admin: record.admin }
}
