/** The shapes of the contract: what REST answers, frames and the services all speak of. */
import { z } from 'zod'
import {
  BODY_MAX_CHARS,
  CLIENT_ID_MAX_CHARS,
  CLIENT_ID_MIN_CHARS,
  EMAIL_MAX_CHARS,
  FILE_PLACEHOLDER_MAX_CHARS,
  ID_MAX_CHARS,
  LIST_MAX_ITEMS,
  NAME_MAX_CHARS,
  PASSWORD_MAX_CHARS,
  PASSWORD_MIN_CHARS,
  PUSH_ENDPOINT_MAX_CHARS,
  QUERY_MAX_CHARS,
  ROOM_DAYS_MAX,
  USERNAME_MAX_CHARS,
  USERNAME_MIN_CHARS,
} from './limits.ts'
import { characterCount, isEmoji, isPlainName, isStorable, isTimeZone, normalizeName } from './text.ts'

export const id = z.string().regex(new RegExp(`^[A-Za-z0-9_-]{1,${ID_MAX_CHARS}}$`), 'is not an id')
export const seq = z.int().min(1).max(Number.MAX_SAFE_INTEGER)
/** A watermark or the place before the first entry: 0 is allowed. */
export const position = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Milliseconds since the epoch. */
export const timestamp = z.int().min(0)
/** Opaque: a page or a resume position. */
export const cursor = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9._~:-]+$/, 'is not a cursor')

export const username = z
  .string()
  .max(USERNAME_MAX_CHARS * 2)
  .transform((text) => text.toLowerCase())
  .refine(
    (text) =>
      new RegExp(`^[a-z0-9][a-z0-9_.-]{${USERNAME_MIN_CHARS - 2},${USERNAME_MAX_CHARS - 2}}[a-z0-9]$`).test(
        text,
      ),
    `must be ${USERNAME_MIN_CHARS} to ${USERNAME_MAX_CHARS} of a-z 0-9 _ . - and begin and end with a letter or digit`,
  )

export const displayName = z
  .string()
  .max(NAME_MAX_CHARS * 8)
  .refine(isPlainName, 'must not contain control, invisible or direction-changing characters')
  .transform(normalizeName)
  .refine(
    (text) => text.length > 0 && characterCount(text) <= NAME_MAX_CHARS,
    `must be 1 to ${NAME_MAX_CHARS} characters`,
  )

const RESERVED_ROOM_NAMES = new Set(['join', 'join-notification'])
export const roomName = displayName.refine(
  (text) => !RESERVED_ROOM_NAMES.has(text.toLowerCase()),
  'is reserved',
)

export const email = z
  .string()
  .max(EMAIL_MAX_CHARS)
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.email('is not an e-mail address'))

/** Languages that letters are written in. */
export const mailLocale = z.enum(['en', 'vi'])
export const emailState = z.object({
  /** Left out: none. */
  address: z.string().optional(),
  verified: z.boolean(),
  /** Takes the place of `address` once it is verified. */
  pending: z.string().optional(),
  locale: mailLocale,
})
/** How long something stays unread before it is sent by e-mail, and the least time between two such letters. */
export const digestChoice = z.enum(['off', '15m', '1h', '1d'])

export const password = z
  .string()
  .refine(isStorable, 'must not contain NUL or broken characters')
  .refine((text) => {
    const count = characterCount(text)
    return count >= PASSWORD_MIN_CHARS && count <= PASSWORD_MAX_CHARS
  }, `must be ${PASSWORD_MIN_CHARS} to ${PASSWORD_MAX_CHARS} characters`)

/** Trimmed; may be empty only with files, which the verb checks. */
export const messageBody = z
  .string()
  .refine(isStorable, 'must not contain NUL or broken characters')
  .transform((text) => text.trim())
  .refine((text) => characterCount(text) <= BODY_MAX_CHARS, `must be at most ${BODY_MAX_CHARS} characters`)

export const clientId = z
  .string()
  .regex(
    new RegExp(`^[A-Za-z0-9_-]{${CLIENT_ID_MIN_CHARS},${CLIENT_ID_MAX_CHARS}}$`),
    `must be ${CLIENT_ID_MIN_CHARS} to ${CLIENT_ID_MAX_CHARS} of A-Z a-z 0-9 _ -`,
  )

export const emoji = z.string().refine(isEmoji, 'must be one emoji')
export const query = z
  .string()
  .refine(isStorable, 'must not contain NUL or broken characters')
  .transform((text) => text.trim())
  .refine(
    (text) => text.length > 0 && characterCount(text) <= QUERY_MAX_CHARS,
    `must be 1 to ${QUERY_MAX_CHARS} characters`,
  )
export const listLimit = z.int().min(1).max(LIST_MAX_ITEMS)

export const roomKind = z.enum(['public', 'group', 'direct'])
export const role = z.enum(['owner', 'admin', 'member', 'reader'])
export const presenceState = z.enum(['online', 'away', 'offline'])

export const user = z.object({
  id,
  username: z.string(),
  display_name: z.string(),
  avatar_url: z.string().optional(),
})

export const file = z.object({
  id,
  name: z.string(),
  type: z.string(),
  bytes: z.int(),
  /** Pixels, as it is shown; only pictures have them, and a thumbnail. */
  width: z.int().optional(),
  height: z.int().optional(),
  /** A picture of a few pixels as WebP in base64, to be shown blurred until the real one is there. */
  placeholder: z.string().max(FILE_PLACEHOLDER_MAX_CHARS).optional(),
})

/** `picture`: an image; `media`: sound and film. */
export const fileKind = z.enum(['picture', 'media', 'document'])
/** A file where it was sent. */
export const sentFile = z.object({ file, seq, from: id, at: timestamp })

export const reaction = z.object({ emoji: z.string(), count: z.int(), mine: z.boolean() })

/** A message in its newest state. */
export const message = z.object({
  room: id,
  seq,
  from: id,
  at: timestamp,
  client_id: z.string(),
  body: z.string(),
  edited_at: timestamp.optional(),
  deleted: z.boolean().optional(),
  pinned: z.boolean().optional(),
  reply_to: seq.optional(),
  files: z.array(file).optional(),
  mentions: z.array(id).optional(),
  reactions: z.array(reaction),
})

export const entryKind = z.enum([
  'message',
  'edit',
  'delete',
  'react',
  'unreact',
  'pin',
  'unpin',
  'join',
  'leave',
  'role',
  'rename',
  'call',
])

export const callMedia = z.enum(['sound', 'video'])

/**
 * Of a `call` entry of the log. `missed`: over, and nobody had answered. `unanswered`: it goes on, and rings no longer.
 * `rung`: for whom it rings in `started`, who did not answer in the others.
 */
export const callLine = z.object({
  call: id,
  line: z.enum(['started', 'unanswered', 'joined', 'left', 'ended', 'missed']),
  media: callMedia.optional(),
  rung: z.array(id).optional(),
  reason: z.enum(['missed', 'declined', 'busy', 'cancelled']).optional(),
  duration_ms: z.int().min(0).optional(),
})

/** One line of a room's log. Which fields are there depends on `kind`. */
export const entry = z.object({
  room: id,
  seq,
  kind: entryKind,
  from: id,
  at: timestamp,
  body: z.string().optional(),
  client_id: z.string().optional(),
  reply_to: seq.optional(),
  files: z.array(file).optional(),
  mentions: z.array(id).optional(),
  target: seq.optional(),
  emoji: z.string().optional(),
  user: id.optional(),
  role: role.optional(),
  name: z.string().optional(),
  call: callLine.optional(),
  redacted: z.literal(true).optional(),
})

export const room = z.object({
  id,
  kind: roomKind,
  /** Empty in direct rooms: `peer` says who it is with. */
  name: z.string(),
  owner_id: id.nullable(),
  head_seq: position,
  first_seq: position,
  created_at: timestamp,
  /** Time of the newest entry. */
  last_at: timestamp,
  member_count: z.int(),
  me: z.object({ role, read_seq: position, delivered_seq: position, unread: z.int() }).optional(),
  last_message: message.optional(),
  peer: user.optional(),
  /** Of its picture, a square; left out: it has none. */
  picture_url: z.string().optional(),
})

/** Watermarks are there so that a client can draw receipts before the first `marks` push; left out in large rooms. */
export const member = z.object({
  user,
  role,
  joined_at: timestamp,
  read_seq: position.optional(),
  delivered_seq: position.optional(),
})

export const device = z.object({
  id,
  name: z.string(),
  created_at: timestamp,
  last_seen_at: timestamp,
  current: z.boolean(),
})

export const presence = z.object({ user: id, state: presenceState, last_seen_at: timestamp.optional() })

/** Why somebody is told. `message`: any message of a room whose setting is `all`. `call`: one that they have missed. */
export const notificationKind = z.enum(['mention', 'direct', 'reply', 'added', 'message', 'call'])
/** What a member wants to hear of from a room. */
/** Null: as the server has it. */
const roomDays = z.int().min(1).max(ROOM_DAYS_MAX).nullable()
/** How long a room keeps its messages, and when they go to the archive. */
export const roomStorageChoice = z.object({ retention_days: roomDays, archive_days: roomDays })
const serverDays = z.int().nullable()
export const roomStorage = roomStorageChoice.extend({
  /** What holds where the room has chosen nothing, and the most it may choose; null: for ever, or never. */
  server: z.object({ retention_days: serverDays, archive_days: serverDays }),
})
export const notifyLevel = z.enum(['all', 'mentions', 'none'])

/** An inbox item. `seq` is the message it is about, for `added` the entry of the joining, for `call` the line that says it. */
export const notification = z.object({
  id,
  kind: notificationKind,
  room: id,
  seq,
  from: id,
  /** The newest text, cut; the room's name, if it has one, for `added` and `call`; empty once it was deleted or one may not read it any more. */
  preview: z.string(),
  /** Of `call`. */
  media: callMedia.optional(),
  at: timestamp,
  read_at: timestamp.optional(),
})

const timeOfDay = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time such as 22:30')
/** Every day from one time to the other, over midnight where `to` is the earlier one. */
export const quietHours = z.object({
  from: timeOfDay,
  to: timeOfDay,
  time_zone: z.string().max(64).refine(isTimeZone, 'must be a time zone such as Asia/Ho_Chi_Minh'),
})
export const pushContent = z.enum(['full', 'sender', 'none'])
export const notificationSettings = z.object({
  /** Null: disturbing is allowed. */
  do_not_disturb_until: timestamp.nullable(),
  quiet_hours: quietHours.nullable(),
  /** What a push to a device may say: who wrote and what, only who, or only that there is something. */
  push_content: pushContent,
})

const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/, 'must be base64url without padding')
/** As a browser's `PushSubscription` has it; `keys` are a point of P-256, uncompressed, and 16 bytes. */
export const pushSubscription = z.object({
  endpoint: z.url().max(PUSH_ENDPOINT_MAX_CHARS),
  keys: z.object({ p256dh: base64url.length(87), auth: base64url.length(22) }),
  /** What the device shows its sentences in. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, 'must be a language such as en or vi')
    .max(35),
})

export const permissionName = z.enum(['create_room', 'invite', 'remove_member', 'send_file', 'start_call'])
export const permissions = z.record(permissionName, z.boolean())

export type User = z.output<typeof user>
export type Room = z.output<typeof room>
export type RoomKind = z.output<typeof roomKind>
export type Role = z.output<typeof role>
export type Message = z.output<typeof message>
export type FileShape = z.output<typeof file>
export type FileKind = z.output<typeof fileKind>
export type SentFile = z.output<typeof sentFile>
export type Reaction = z.output<typeof reaction>
export type Entry = z.output<typeof entry>
export type EntryKind = z.output<typeof entryKind>
export type Member = z.output<typeof member>
export type Device = z.output<typeof device>
export type Presence = z.output<typeof presence>
export type PresenceState = z.output<typeof presenceState>
export type Notification = z.output<typeof notification>
export type NotificationKind = z.output<typeof notificationKind>
export type NotifyLevel = z.output<typeof notifyLevel>
export type RoomStorage = z.output<typeof roomStorage>
export type RoomStorageChoice = z.output<typeof roomStorageChoice>
export type QuietHours = z.output<typeof quietHours>
export type PushContent = z.output<typeof pushContent>
export type PushSubscriptionShape = z.output<typeof pushSubscription>
export type MailLocale = z.output<typeof mailLocale>
export type EmailState = z.output<typeof emailState>
export type DigestChoice = z.output<typeof digestChoice>
export type NotificationSettings = z.output<typeof notificationSettings>
export type PermissionName = z.output<typeof permissionName>
export type Permissions = z.output<typeof permissions>
