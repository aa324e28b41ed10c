import type { InputOf, notificationsContract, OutputOf } from '@parley/contracts'
import { decodePage, encodePage } from '../shared/page-token.ts'
import type { NotificationsDependencies } from './dependencies.ts'
import { followMarks } from './follow-read.ts'
import { ITEM_COLUMNS, type ItemRow, readState, toItem } from './inbox.ts'

type Contract = typeof notificationsContract

export async function listNotifications(
  dependencies: NotificationsDependencies,
  { user, limit, cursor }: InputOf<Contract, 'listNotifications'>,
): Promise<OutputOf<Contract, 'listNotifications'>> {
  const { database, rooms } = dependencies
  const place = cursor === undefined ? undefined : decodePage(cursor, { at: 'seq', seq: 'seq', id: 'string' })
  await followMarks(dependencies, user)
  // Before the page: a version that is too old makes a device look again, one that is too new would let it miss something.
  const state = await readState(database, user)
  const { rows } = await database.query<ItemRow>(
    `select ${ITEM_COLUMNS} from notifications.item where user_id = $1
       and ($2::text is null or (at, seq, id) < ($3::bigint, $4::bigint, $2))
     order by at desc, seq desc, id desc limit $5`,
    [user, place?.id ?? null, place?.at ?? null, place?.seq ?? null, limit + 1],
    'notifications.list',
  )
  const page = rows.slice(0, limit)
  const { previews } = await rooms.listPreviews({
    places: page.map((row) => ({ user, room: row.room_id, seq: row.seq })),
  })
  const last = page.at(-1)
  return {
    notifications: page.map((row, n) => toItem(row, previews[n] ?? '')),
    ...state,
    ...(rows.length > limit && last !== undefined
      ? { next: encodePage({ at: last.at, seq: last.seq, id: last.id }) }
      : {}),
  }
}
