/** Tells a person's devices of changes of the inbox. May be lost: a device reads the inbox anew when it is back. */
import { type Bus, type UserEvent, userTopic } from '@parley/contracts'

type InboxEvent = Extract<UserEvent, { type: 'notification' | 'inbox' }>

export function announceInbox(bus: Bus, user: string, event: InboxEvent): void {
  bus.publish(userTopic(user), JSON.stringify(event))
}
