/** Web push as one part of the notifications service: its verbs, and the lifetimes of its work. */
import type { NotificationsService } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { NotificationsDependencies } from '../dependencies.ts'
import { createHandOver } from './hand-over-pushes.ts'
import { createSendPush, SEND_AT_ONCE } from './send-push.ts'
import { forgetRevoked, isSubscribed, subscribePush, unsubscribePush } from './subscriptions.ts'
import { loadVapid, type Vapid } from './vapid.ts'

export interface Pushes extends Pick<NotificationsService, 'getPush' | 'subscribePush' | 'unsubscribePush'> {
  start(): Promise<void>
  close(): Promise<void>
}

export function createPushes(dependencies: NotificationsDependencies): Pushes {
  const { database, queue, clock, push } = dependencies
  const handOver = createHandOver(dependencies)
  const ends: (() => void | Promise<void>)[] = []
  let vapid: Vapid | undefined
  return {
    async getPush({ device }) {
      if (vapid === undefined) throw new ParleyError('unavailable')
      return { key: vapid.publicKey, subscribed: await isSubscribed(database, device) }
    },
    subscribePush: (input) => subscribePush(dependencies, input),
    unsubscribePush: (input) => unsubscribePush(dependencies, input),
    async start() {
      vapid = await loadVapid(database, clock, push.contact)
      ends.push(await forgetRevoked(dependencies))
      ends.push(await queue.consume('notifications.push', SEND_AT_ONCE, createSendPush(dependencies, vapid)))
      handOver.start()
    },
    async close() {
      await handOver.close()
      for (const end of ends.splice(0)) await end()
    },
  }
}
