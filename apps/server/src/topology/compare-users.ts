/** Whether the rooms service's copy of users equals auth's, user by user; with `repair`, until it does. */
import { createHash } from 'node:crypto'
import type { Database, Log, UserRecord } from '@parley/contracts'
import { syncUsers, userCopies } from '@parley/services/rooms/sync-users'
import type { Settings } from '../settings/table.ts'
import { withAccounts } from './with-accounts.ts'
import { withDatabase } from './with-database.ts'

const PAGE = 500

export interface UserComparison {
  readonly inAuth: number
  readonly inRooms: number
  /** Missing in the copy, or different. */
  readonly different: number
  /** In the copy only. */
  readonly unknown: number
  /** SHA-256 over all records in order, hexadecimal. */
  readonly digests: { readonly auth: string; readonly rooms: string }
}

export function compareUsers(settings: Settings, log: Log, repair: boolean): Promise<UserComparison> {
  return withAccounts(settings, log, (accounts) =>
    withDatabase(
      settings,
      log,
      (database) => compare(database, (after) => accounts.userRecords({ after, limit: PAGE }), repair),
      'rooms',
    ),
  )
}

type ReadPage = (after: string) => Promise<{ users: UserRecord[] }>

async function compare(database: Database, readAuth: ReadPage, repair: boolean): Promise<UserComparison> {
  const auth = await readAll(readAuth)
  const rooms = await readAll((after) => userCopies(database, { after, limit: PAGE }))
  const different = [...auth].filter(([id, text]) => rooms.get(id) !== text).map(([, text]) => text)
  if (repair) {
    for (let start = 0; start < different.length; start += PAGE) {
      const users = different.slice(start, start + PAGE).map((text) => JSON.parse(text) as UserRecord)
      await syncUsers(database, { users, repair: true })
    }
  }
  return {
    inAuth: auth.size,
    inRooms: rooms.size,
    different: different.length,
    unknown: [...rooms.keys()].filter((id) => !auth.has(id)).length,
    digests: { auth: digest(auth), rooms: digest(rooms) },
  }
}

/** Records by id, each as one text that is equal exactly when the record is. */
async function readAll(readPage: ReadPage): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (let after = ''; ; ) {
    const { users } = await readPage(after)
    for (const user of users) found.set(user.id, canonical(user))
    const last = users.at(-1)
    if (last === undefined) return found
    after = last.id
  }
}

function canonical(user: UserRecord): string {
  const sorted = (value: object) =>
    Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  return JSON.stringify(sorted({ ...user, permissions: sorted(user.permissions) }))
}

function digest(records: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256')
  for (const id of [...records.keys()].sort()) hash.update(`${records.get(id)}\n`)
  return hash.digest('hex')
}
