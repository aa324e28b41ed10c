/** The copy of auth's users and permissions: fed by events, asked for when somebody newer than the copy appears. */
import type { AuthService, Database, InputOf, Queryable, roomsContract, UserRecord } from '@parley/contracts'
import { ParleyError, type PermissionName } from '@parley/protocol'

export async function syncUsers(
  database: Queryable,
  { users, repair = false }: InputOf<typeof roomsContract, 'syncUsers'>,
): Promise<Record<never, never>> {
  if (users.length === 0) return {}
  // One row a user: a batch may hold two versions of the same one, and an upsert may not meet a row twice.
  const newest = new Map<string, UserRecord>()
  for (const user of users) if ((newest.get(user.id)?.version ?? -1) < user.version) newest.set(user.id, user)
  await database.query(
    `insert into rooms.users as u (id, username, display_name, avatar_file_id, admin, disabled, permissions, version)
     select id, username, display_name, avatar_file_id, admin, disabled, permissions, version
     from jsonb_to_recordset($1::jsonb) as x(id text, username text, display_name text, avatar_file_id text, admin boolean, disabled boolean, permissions jsonb, version bigint)
     order by id
     on conflict (id) do update set username = excluded.username, display_name = excluded.display_name,
       avatar_file_id = excluded.avatar_file_id, admin = excluded.admin, disabled = excluded.disabled,
       permissions = excluded.permissions, version = excluded.version
     where u.version < excluded.version or $2`,
    [JSON.stringify([...newest.values()]), repair],
    'rooms.sync-users',
  )
  return {}
}

export async function userCopies(
  database: Queryable,
  { after, limit }: InputOf<typeof roomsContract, 'userCopies'>,
): Promise<{ users: UserRecord[] }> {
  const { rows } = await database.query<UserRecord>(
    `select id, username, display_name, avatar_file_id, admin, disabled, permissions, version
     from rooms.users where id > $1 order by id limit $2`,
    [after ?? '', limit],
  )
  return { users: rows }
}

interface KnownUser {
  id: string
  username: string
  disabled: boolean
  permissions: Record<PermissionName, boolean>
}

export interface Directory {
  hasPermission(user: string, permission: PermissionName): Promise<boolean>
  /** Throws `forbidden` when this permission was taken away, `unauthenticated` for somebody auth does not know. */
  assertPermission(user: string, permission: PermissionName): Promise<void>
  /** In the order of the names. Throws `not_found` naming those that do not exist. */
  findByUsername(usernames: readonly string[]): Promise<KnownUser[]>
}

export function createDirectory(database: Database, auth: Pick<AuthService, 'userRecords'>): Directory {
  const read = async (column: 'id' | 'username', values: readonly string[]): Promise<KnownUser[]> => {
    const { rows } = await database.query<KnownUser>(
      `select id, username, disabled, permissions from rooms.users where ${column} = any($1)`,
      [values],
    )
    return rows
  }

  async function load(column: 'id' | 'username', values: readonly string[]): Promise<KnownUser[]> {
    const known = await read(column, values)
    const missing = values.filter((value) => !known.some((user) => user[column] === value))
    if (missing.length === 0) return known
    const { users } = await auth.userRecords(
      column === 'id' ? { ids: [...missing] } : { usernames: [...missing] },
    )
    if (users.length === 0) return known
    await syncUsers(database, { users })
    return read(column, values)
  }

  async function hasPermission(id: string, permission: PermissionName): Promise<boolean> {
    const [user] = await load('id', [id])
    if (user === undefined) throw new ParleyError('unauthenticated')
    return !user.disabled && user.permissions[permission] !== false
  }

  return {
    hasPermission,
    async assertPermission(id, permission) {
      if (!(await hasPermission(id, permission))) throw new ParleyError('forbidden')
    },
    async findByUsername(usernames) {
      const users = await load('username', usernames)
      const missing = usernames.filter(
        (name) => !users.some((user) => user.username === name && !user.disabled),
      )
      if (missing.length > 0) {
        throw new ParleyError('not_found', {
          message: `Nobody is called ${missing.map((name) => `"${name}"`).join(', ')}.`,
          details: { usernames: missing },
        })
      }
      return usernames.map((name) => users.find((user) => user.username === name) as KnownUser)
    },
  }
}
