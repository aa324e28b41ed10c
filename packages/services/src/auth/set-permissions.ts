/**
 * Changes what a user may do, or what everyone may do by default. Administrators only. The answer waits until the
 * other services were told, so that the next request already meets the change.
 */
import type { Queryable } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { effectivePermissions, type PermissionChanges } from './accounts.ts'
import type { AuthVerb } from './context.ts'
import { demandAdministrator } from './demand-administrator.ts'

type Requested = Parameters<AuthVerb<'setPermissions'>>[1]['permissions']

export const setPermissions: AuthVerb<'setPermissions'> = async ({ database, changes }, input) => {
  const { change, permissions } = await database.transaction(async (transaction) => {
    await demandAdministrator(transaction, input.actor)
    const permissions =
      input.user === undefined
        ? await changeDefaults(transaction, input.permissions)
        : await changeUser(transaction, input.user, input.permissions)
    return { permissions, change: await changes.record(transaction, input.user ?? null) }
  })

  await changes.announce(change)
  return { permissions }
}

async function changeUser(transaction: Queryable, user: string, requested: Requested) {
  const { rows } = await transaction.query<{ permissions: PermissionChanges }>(
    'select permissions from auth.account where id = $1 for update',
    [user],
  )
  const row = rows[0]
  if (row === undefined) throw new ParleyError('not_found')
  const own = merge(row.permissions, requested)
  await transaction.query('update auth.account set permissions = $2, version = version + 1 where id = $1', [
    user,
    own,
  ])
  const defaults = await transaction.query<{ permissions: PermissionChanges }>(
    'select permissions from auth.defaults',
  )
  return effectivePermissions(defaults.rows[0]?.permissions ?? {}, own)
}

async function changeDefaults(transaction: Queryable, requested: Requested) {
  const { rows } = await transaction.query<{ permissions: PermissionChanges }>(
    'select permissions from auth.defaults for update',
  )
  const defaults = merge(rows[0]?.permissions ?? {}, requested)
  await transaction.query('update auth.defaults set permissions = $1, version = version + 1', [defaults])
  return effectivePermissions(defaults)
}

/** `null` takes an entry away, so that what lies below it holds again. */
function merge(present: PermissionChanges, requested: Requested): PermissionChanges {
  const entries = Object.entries({ ...present, ...requested }).filter(([, value]) => value !== null)
  return Object.fromEntries(entries)
}
