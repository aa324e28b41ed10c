/** A notifications service beside a rooms service, whose queue and clock are moved by hand. For tests. */
import { migrate } from '@parley/adapters/postgres/migrate'
import { createIds, silentLog, type UserEvent, userTopic, type WorkItem } from '@parley/contracts'
import type { Presence, PresenceState } from '@parley/protocol'
import {
  createNotificationsService,
  type RunningNotificationsService,
} from '@parley/services/notifications/create-notifications-service'
import type { NotificationsDependencies } from '@parley/services/notifications/dependencies'
import { notificationsMigrations } from '@parley/services/notifications/migrations'
import { tellWaiting } from '@parley/services/notifications/tell-waiting'
import { createRoomsKit, type RoomsKit } from './rooms-kit.ts'

export interface NotificationsKit extends RoomsKit {
  readonly notifications: RunningNotificationsService
  /** Of whom nothing is said: offline. */
  readonly presence: Map<string, PresenceState>
  /** As the queue hands over what these rooms have up to now. */
  work(...rooms: string[]): Promise<void>
  /** Lets the time pass in which those who are connected may acknowledge, and decides for them. */
  pass(): Promise<void>
  /** Kinds and seqs, newest first, and the unread count. */
  inbox(user: string): Promise<{ items: string[]; previews: string[]; unread: number }>
  /** What the bus tells a person from now on. */
  hear(user: string): Promise<UserEvent[]>
}

/** Longer than anybody is waited for. */
const PASS_MS = 10_000

export async function createNotificationsKit(): Promise<NotificationsKit> {
  const kit = await createRoomsKit()
  await migrate(kit.database, [notificationsMigrations], silentLog)
  const presence = new Map<string, PresenceState>()
  let aheadMs = 0
  let handler: (item: WorkItem) => Promise<void> = async () => {}
  const dependencies: NotificationsDependencies = {
    database: kit.database,
    bus: kit.bus,
    rooms: kit.rooms,
    clock: { now: () => Date.now() + aheadMs, after: () => () => {} },
    newId: createIds(),
    log: silentLog,
    sessions: {
      getPresence: async ({ users }) => ({
        presence: users.map((user): Presence => ({ user, state: presence.get(user) ?? 'offline' })),
      }),
    },
    queue: {
      publish: async () => {},
      consume: async (_queue, _atOnce, given) => {
        handler = given
        return async () => {}
      },
      close: async () => {},
    },
  }
  const notifications = createNotificationsService(dependencies)
  await notifications.start()
  return {
    ...kit,
    notifications,
    presence,
    async work(...rooms) {
      const { heads } = await kit.rooms.heads({ rooms })
      await handler({ id: 'work', body: JSON.stringify({ heads }) })
    },
    async pass() {
      aheadMs += PASS_MS
      while ((await tellWaiting(dependencies)) > 0);
      aheadMs = 0
    },
    async inbox(user) {
      const { notifications: items, unread } = await notifications.listNotifications({ user, limit: 200 })
      return {
        items: items.map(({ kind, seq }) => `${kind} ${seq}`),
        previews: items.map(({ preview }) => preview),
        unread,
      }
    },
    async hear(user) {
      const events: UserEvent[] = []
      await kit.bus.subscribe(userTopic(user), (message) => events.push(JSON.parse(message) as UserEvent))
      return events
    },
    async close() {
      await notifications.close()
      await kit.close()
    },
  }
}
