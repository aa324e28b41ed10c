/** What the notifications service promises: who is told what, when and how; the inbox. */
import * as shape from '@parley/protocol/shapes'
import { z } from 'zod'
import { defineContract, type ServiceOf, verb } from './contract.ts'

const ofUser = z.object({ user: shape.id })
const inRoom = ofUser.extend({ room: shape.id })
const inbox = z.object({
  notifications: z.array(shape.notification),
  unread: z.int(),
  version: z.int(),
  next: z.string().optional(),
})
const settings = z.object({ settings: shape.notificationSettings })
const level = z.object({ level: shape.notifyLevel })

export const notificationsContract = defineContract('notifications', {
  /** Newest first. What its owner has read in the room meanwhile counts as read. */
  listNotifications: verb(ofUser.extend({ limit: z.int(), cursor: z.string().optional() }), inbox),
  /** These, or all without `ids`; ids of others and unknown ones are passed over. Answers the newest page. */
  readNotifications: verb(ofUser.extend({ ids: z.array(shape.id).optional() }), inbox),
  /** For gateways: this user has read the room up to here, and with it every item about it. */
  followRead: verb(inRoom.extend({ read: shape.position }), z.object({})),
  getNotificationSettings: verb(ofUser, settings),
  /** What is left out stays as it is. */
  setNotificationSettings: verb(ofUser.extend(shape.notificationSettings.partial().shape), settings),
  /** Members only, as everywhere: `not_member` or `not_found` for others. */
  getRoomLevel: verb(inRoom, level),
  setRoomLevel: verb(inRoom.extend({ level: shape.notifyLevel }), level),
})

export type NotificationsService = ServiceOf<typeof notificationsContract>
