import * as limit from '@parley/protocol/limits'
import * as rest from '@parley/protocol/rest'
import * as shape from '@parley/protocol/shapes'
import type { z } from 'zod'

/** Shapes that have a name of their own in the API document. */
export const components: Readonly<Record<string, z.ZodType>> = {
  User: shape.user,
  Room: shape.room,
  Message: shape.message,
  Entry: shape.entry,
  Member: shape.member,
  Device: shape.device,
  File: shape.file,
  Reaction: shape.reaction,
  Permissions: shape.permissions,
  Notification: shape.notification,
  NotificationSettings: shape.notificationSettings,
}

const wholeNumber = { type: 'integer', pattern: undefined }

/** What refinements check, in JSON schema's words, by the schema object itself. Numbers in a URL are told as such. */
export const bounds: ReadonlyMap<z.core.$ZodType, object> = new Map<z.core.$ZodType, object>([
  [
    shape.username,
    {
      minLength: limit.USERNAME_MIN_CHARS,
      maxLength: limit.USERNAME_MAX_CHARS,
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9]$',
      description: 'folded to lower case',
    },
  ],
  [shape.displayName, { minLength: 1, maxLength: limit.NAME_MAX_CHARS }],
  [
    shape.roomName,
    {
      minLength: 1,
      maxLength: limit.NAME_MAX_CHARS,
      description:
        'unique among public rooms without regard to case; `join` and `join-notification` are reserved',
    },
  ],
  [shape.email, { maxLength: limit.EMAIL_MAX_CHARS, format: 'email' }],
  [shape.password, { minLength: limit.PASSWORD_MIN_CHARS, maxLength: limit.PASSWORD_MAX_CHARS }],
  [
    shape.messageBody,
    { maxLength: limit.BODY_MAX_CHARS, description: 'trimmed; may be empty only with files' },
  ],
  [shape.clientId, { minLength: limit.CLIENT_ID_MIN_CHARS, maxLength: limit.CLIENT_ID_MAX_CHARS }],
  [shape.query, { minLength: 1, maxLength: limit.QUERY_MAX_CHARS }],
  [shape.emoji, { minLength: 1, maxLength: 64, description: 'one grapheme' }],
  [
    rest.limitText,
    { ...wholeNumber, minimum: 1, maximum: limit.LIST_MAX_ITEMS, default: limit.LIST_DEFAULT_ITEMS },
  ],
  [rest.seqText, { ...wholeNumber, minimum: 1, maximum: Number.MAX_SAFE_INTEGER }],
  [rest.placeText, { ...wholeNumber, minimum: 0, maximum: Number.MAX_SAFE_INTEGER }],
])
