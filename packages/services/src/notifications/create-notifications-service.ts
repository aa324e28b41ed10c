/** The notifications service: its verbs behind the contract, and the lifetimes of its background work. */
import { type NotificationsService, noTracer } from '@parley/contracts'
import { repeat } from '../shared/repeat.ts'
import { traceItems } from '../shared/trace-items.ts'
import type { NotificationsDependencies } from './dependencies.ts'
import { createMails } from './digest/create-mails.ts'
import { followRead } from './follow-read.ts'
import { listNotifications } from './list-notifications.ts'
import { createPushes } from './push/create-pushes.ts'
import { readNotifications } from './read-notifications.ts'
import { endLateRings, endRing } from './rings.ts'
import { getRoomLevel, setRoomLevel } from './room-level.ts'
import { getNotificationSettings, setNotificationSettings } from './settings.ts'
import { sweepNotifications } from './sweep.ts'
import { createTakeEntries, TAKE_AT_ONCE } from './take-entries.ts'
import { TELL_MAX } from './tell-members.ts'
import { tellWaiting } from './tell-waiting.ts'

const WAITING_INTERVAL_MS = 500
const RETRY_INTERVAL_MS = 2_000

export interface RunningNotificationsService extends NotificationsService {
  /** Works until `close`. Resolves when it listens to the queue. */
  start(): Promise<void>
  close(): Promise<void>
}

export function createNotificationsService(
  dependencies: NotificationsDependencies,
): RunningNotificationsService {
  const { queue, clock, log, tracer = noTracer } = dependencies
  const pushes = createPushes(dependencies)
  const mails = createMails(dependencies)
  let endWork: (() => Promise<void>) | undefined
  let inTrouble = false
  const waiting = repeat(clock, async () => {
    try {
      const count = await tellWaiting(dependencies)
      await endLateRings(dependencies)
      if (inTrouble) log.info({}, 'notifications are decided again')
      inTrouble = false
      return count === TELL_MAX ? 0 : WAITING_INTERVAL_MS
    } catch (error) {
      if (!inTrouble) log.warn({ error: String(error) }, 'notifications not decided; trying again')
      inTrouble = true
      return RETRY_INTERVAL_MS
    }
  })

  return {
    listNotifications: (input) => listNotifications(dependencies, input),
    readNotifications: (input) => readNotifications(dependencies, input),
    followRead: (input) => followRead(dependencies, input),
    endRing: (input) => endRing(dependencies, input),
    getNotificationSettings: (input) => getNotificationSettings(dependencies, input),
    setNotificationSettings: (input) => setNotificationSettings(dependencies, input),
    getRoomLevel: (input) => getRoomLevel(dependencies, input),
    setRoomLevel: (input) => setRoomLevel(dependencies, input),
    sweepNotifications: (input) => sweepNotifications(dependencies, input),
    getDigest: mails.getDigest,
    setDigest: mails.setDigest,
    unsubscribe: mails.unsubscribe,
    getPush: pushes.getPush,
    subscribePush: pushes.subscribePush,
    unsubscribePush: pushes.unsubscribePush,
    async start() {
      await pushes.start()
      await mails.start()
      waiting.start()
      const take = traceItems(tracer, 'notify members', createTakeEntries(dependencies))
      endWork = await queue.consume('notifications.entries', TAKE_AT_ONCE, take)
    },
    async close() {
      await waiting.close()
      await endWork?.()
      await pushes.close()
      await mails.close()
    },
  }
}
