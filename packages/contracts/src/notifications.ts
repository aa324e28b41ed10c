/** What the notifications service promises: who is told what, when and how; the inbox. */
import * as shape from '@parley/protocol/shapes'
import { z } from 'zod'
import { defineContract, type ServiceOf, verb } from './contract.ts'

const ofUser = z.object({ user: shape.id })
const ofDevice = ofUser.extend({ device: shape.id })
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
  /** For gateways: this user has declined, and no device of theirs need ring any more. */
  endRing: verb(ofUser.extend({ call: shape.id }), z.object({})),
  getNotificationSettings: verb(ofUser, settings),
  /** What is left out stays as it is. */
  setNotificationSettings: verb(ofUser.extend(shape.notificationSettings.partial().shape), settings),
  /** The key that a device subscribes with, and whether pushes go to it. */
  getPush: verb(ofDevice, z.object({ key: z.string(), subscribed: z.boolean() })),
  /** One a device; the endpoint leaves whatever device had it before. `invalid_request` for one that is not sent to. */
  subscribePush: verb(ofDevice.extend({ subscription: shape.pushSubscription }), z.object({})),
  unsubscribePush: verb(ofDevice, z.object({})),
  /** How soon what stays unread is sent by e-mail. */
  getDigest: verb(ofUser, z.object({ digest: shape.digestChoice })),
  setDigest: verb(ofUser.extend({ digest: shape.digestChoice }), z.object({ digest: shape.digestChoice })),
  /** By the token of a letter's link. Throws `link_expired` for one that we did not make. */
  unsubscribe: verb(z.object({ token: z.string() }), z.object({})),
  /** Members only, as everywhere: `not_member` or `not_found` for others. */
  getRoomLevel: verb(inRoom, level),
  /**
   * For the scheduler only: one bounded step of removing what is about rooms and people that there are no more, or about
   * messages that retention has deleted. With `next` there is more to look at, from there on.
   */
  sweepNotifications: verb(
    z.object({ after: z.string().optional() }),
    z.object({ items: z.int(), rooms: z.int(), people: z.int(), next: z.string().exactOptional() }),
  ),
  setRoomLevel: verb(inRoom.extend({ level: shape.notifyLevel }), level),
})

export type NotificationsService = ServiceOf<typeof notificationsContract>
