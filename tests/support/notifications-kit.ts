/** A notifications service beside a rooms service, whose queue and clock are moved by hand. For tests. */
import { migrate } from '@parley/adapters/postgres/migrate'
import { createPushTransport } from '@parley/adapters/push/create-push-transport'
import { createIds, silentLog, type UserEvent, userTopic, type WorkItem } from '@parley/contracts'
import { ParleyError, type Presence, type PresenceState } from '@parley/protocol'
import { RING_MS } from '@parley/protocol/calls'
import {
  createNotificationsService,
  type RunningNotificationsService,
} from '@parley/services/notifications/create-notifications-service'
import type { NotificationsDependencies } from '@parley/services/notifications/dependencies'
import { notificationsMigrations } from '@parley/services/notifications/migrations'
import { createHandOver } from '@parley/services/notifications/push/hand-over-pushes'
import { endLateRings } from '@parley/services/notifications/rings'
import { tellWaiting } from '@parley/services/notifications/tell-waiting'
import { createRoomsKit, type RoomsKit } from './rooms-kit.ts'

export interface NotificationsKit extends RoomsKit {
  readonly notifications: RunningNotificationsService
  /** What it was made of, for parts of it that a test runs by itself. */
  readonly dependencies: NotificationsDependencies
  /** Of whom nothing is said: offline. */
  readonly presence: Map<string, PresenceState>
  /** Of which device sessions live; none by default. */
  readonly devices: Set<string>
  /** While it is away nothing can be handed to it. */
  readonly queue: { away: boolean }
  /** Hands over the pushes that are due after so long, and lets them be sent. */
  push(afterMs?: number): Promise<void>
  /** As the queue hands over a push, by the id of its row. */
  queued(push: string): Promise<void>
  /** As the queue hands over what these rooms have up to now. */
  work(...rooms: string[]): Promise<void>
  /** Lets the time pass in which those who are connected may acknowledge, and decides for them. */
  pass(): Promise<void>
  /** Lets the time pass in which a call rings. */
  ringOut(): Promise<void>
  /** Kinds and seqs, newest first, and the unread count. */
  inbox(user: string): Promise<{ items: string[]; previews: string[]; unread: number }>
  /** What the bus tells a person from now on. */
  hear(user: string): Promise<UserEvent[]>
}

/** Longer than anybody is waited for. */
const PASS_MS = 10_000

/** `pushOrigins`: where pushes may go besides the public internet. */
export async function createNotificationsKit(pushOrigins: readonly string[] = []): Promise<NotificationsKit> {
  const transport = createPushTransport({ privateOrigins: pushOrigins, withinMs: 1_000 })
  const kit = await createRoomsKit()
  await migrate(kit.database, [notificationsMigrations], silentLog)
  const presence = new Map<string, PresenceState>()
  let aheadMs = 0
  const handlers = new Map<string, (item: WorkItem) => Promise<void>>()
  const devices = new Set<string>()
  const queue = { away: false }
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
    auth: {
      listDevices: async ({ device }) => ({
        devices: devices.has(device)
          ? [{ id: device, name: 'Browser', created_at: 1, last_seen_at: 2, current: true }]
          : [],
      }),
      getUsers: async ({ ids }) => ({
        users: ids.map((id) => ({ id, username: id.toLowerCase(), display_name: `Name of ${id}` })),
      }),
    },
    push: { transport, contact: 'mailto:operator@example.org' },
    queue: {
      publish: async (topic, items) => {
        if (queue.away) throw new ParleyError('unavailable')
        if (topic !== 'push.send') return
        for (const item of items) await handlers.get('notifications.push')?.(item)
      },
      consume: async (queue, _atOnce, handler) => {
        handlers.set(queue, handler)
        return async () => {}
      },
      close: async () => {},
    },
  }
  const notifications = createNotificationsService(dependencies)
  await notifications.start()
  const handOver = createHandOver(dependencies)
  return {
    ...kit,
    notifications,
    dependencies,
    presence,
    devices,
    queue,
    queued: (push) =>
      Promise.resolve(handlers.get('notifications.push')?.({ id: push, body: JSON.stringify({ push }) })),
    async push(afterMs = 0) {
      aheadMs += afterMs
      await handOver.run()
      aheadMs = 0
    },
    async work(...rooms) {
      // As the outbox has them: those of deleted rooms too.
      const { rows } = await kit.database.query<{ id: string; head: number }>(
        'select id, head_seq as head from rooms.room where id = any($1)',
        [rooms],
      )
      const heads = Object.fromEntries(rows.map(({ id, head }) => [id, head]))
      await handlers.get('notifications.entries')?.({ id: 'work', body: JSON.stringify({ heads }) })
    },
    async pass() {
      aheadMs += PASS_MS
      while ((await tellWaiting(dependencies)) > 0);
      aheadMs = 0
    },
    async ringOut() {
      aheadMs += RING_MS
      await endLateRings(dependencies)
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
      transport.close()
      await kit.close()
    },
  }
}
