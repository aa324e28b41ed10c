/** The Parley SDK for browsers and Node ≥ 22. */

export type {
  Device,
  Entry,
  ErrorCode,
  FileShape,
  Member,
  Message,
  Notification,
  NotificationKind,
  NotificationSettings,
  NotifyLevel,
  PermissionName,
  Presence,
  PresenceState,
  QuietHours,
  Reaction,
  Role,
  Room,
  RoomKind,
  User,
} from '@parley/protocol'
export { ParleyError } from '@parley/protocol'
export type * from './api.ts'
export type * from './calls/call-types.ts'
export type { StreamLike, TrackLike } from './calls/media-port.ts'
export type { Clock } from './clock.ts'
export { type CreateParleyOptions, createParley } from './create-parley.ts'
export type {
  ChannelLike,
  LocksLike,
  ParleyInjectables,
  WebSocketConstructor,
  WebSocketLike,
} from './environment.ts'
export type { PushAddress, PushDeviceLike, PushPermission, ShownNotification } from './push/push-device.ts'
export { indexedDbStorage } from './storage/indexeddb.ts'
export { memoryStorage } from './storage/memory.ts'
