import type { InputOf, notificationsContract, OutputOf } from '@parley/contracts'
import { LIST_DEFAULT_ITEMS } from '@parley/protocol'
import { announceInbox } from './announce-inbox.ts'
import type { NotificationsDependencies } from './dependencies.ts'
import { holdInbox, lockInboxes, markItems, readState } from './inbox.ts'
import { listNotifications } from './list-notifications.ts'
import { queueClearing } from './push/queue-pushes.ts'

type Contract = typeof notificationsContract

export async function readNotifications(
  dependencies: NotificationsDependencies,
  { user, ids }: InputOf<Contract, 'readNotifications'>,
): Promise<OutputOf<Contract, 'readNotifications'>> {
  await markRead(dependencies, user, { ids })
  return listNotifications(dependencies, { user, limit: LIST_DEFAULT_ITEMS })
}

/** Marks what fits, all without `which`, and tells the person's devices if that changed anything. */
export async function markRead(
  { database, bus, clock, newId }: NotificationsDependencies,
  user: string,
  which: Parameters<typeof markItems>[2],
): Promise<void> {
  const { read, state } = await database.transaction(async (transaction) => {
    await holdInbox(transaction, user)
    const read = await markItems(transaction, user, which)
    if (read.length > 0) {
      await lockInboxes(transaction, [user])
      await queueClearing(transaction, [user], { nowMs: clock.now(), id: newId() })
    }
    return { read, state: await readState(transaction, user) }
  })
  if (read.length === 0) return
  const all = state.unread === 0
  announceInbox(bus, user, { type: 'inbox', read: all ? 'all' : read, ...state })
}
