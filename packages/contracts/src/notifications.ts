/** What the notifications service promises: who is told what, when and how; the inbox. */
import { defineContract, type ServiceOf } from './contract.ts'

export const notificationsContract = defineContract('notifications', {})

export type NotificationsService = ServiceOf<typeof notificationsContract>
