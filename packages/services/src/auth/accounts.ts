/** Rows of `auth.account` and the shapes that others see. */
import type { Database, Queryable, UserRecord } from '@parley/contracts'
import type { Permissions, User } from '@parley/protocol'
import { permissionName } from '@parley/protocol/shapes'

export interface AccountRow {
  id: string
  username: string
  display_name: string
  avatar_file_id: string | null
}

export const ACCOUNT_COLUMNS = 'account.id, account.username, account.display_name, account.avatar_file_id'

export function toUser(row: AccountRow): User {
  return {
    id: row.id,
    username: row.username,
    display_name: row.display_name,
    ...(row.avatar_file_id === null ? {} : { avatar_url: `/api/v1/files/${row.avatar_file_id}` }),
  }
}

export type PermissionChanges = Partial<Permissions>

/** What holds for everyone unless an administrator said otherwise: everything. */
const everythingAllowed = Object.fromEntries(
  permissionName.options.map((name) => [name, true]),
) as Permissions

/** Later ones win. */
export function effectivePermissions(...layers: PermissionChanges[]): Permissions {
  return Object.assign({ ...everythingAllowed }, ...layers)
}

export interface RecordRow extends AccountRow {
  admin: boolean
  disabled: boolean
  permissions: PermissionChanges
  version: number
}

/** For `from auth.account as account cross join auth.defaults as defaults`. */
export const RECORD_COLUMNS = `${ACCOUNT_COLUMNS}, account.admin, account.disabled,
  defaults.permissions || account.permissions as permissions,
  account.version + defaults.version as version`

export function toRecord(row: RecordRow): UserRecord {
  return { ...row, permissions: effectivePermissions(row.permissions) }
}

export async function readRecords(
  database: Queryable,
  where: string,
  values: readonly unknown[],
): Promise<UserRecord[]> {
  const { rows } = await database.query<RecordRow>(
    `select ${RECORD_COLUMNS} from auth.account as account cross join auth.defaults as defaults ${where}`,
    values,
  )
  return rows.map(toRecord)
}

/** Records a page at a time; also the bound of `userRecords`. */
export const RECORDS_PAGE = 500

export function readRecordPage(database: Database, after: string, limit: number): Promise<UserRecord[]> {
  return readRecords(database, 'where account.id > $1 order by account.id limit $2', [after, limit])
}
