/** Bodies and queries of the REST door; the gateway validates with these and makes the OpenAPI document from them. */
import { z } from 'zod'
import { FILES_PER_MESSAGE_MAX, GROUP_NAMES_MAX, LIST_MAX_ITEMS } from './limits.ts'
import * as shape from './shapes.ts'

/** Query strings and paths carry numbers as text: plain digits only, since coercion would take `1e2` and a list of one, too. */
const digits = z
  .string()
  .regex(/^[0-9]{1,16}$/, 'must be a whole number')
  .transform(Number)
export const limitText = digits.pipe(shape.listLimit).optional()
export const seqText = digits.pipe(shape.seq)
export const placeText = digits.pipe(shape.position).optional()
const flag = z.enum(['0', '1', 'true', 'false']).transform((text) => text === '1' || text === 'true')

export const registerBody = z.object({
  username: shape.username,
  password: shape.password,
  email: shape.email.optional(),
  display_name: shape.displayName.optional(),
  /** Of letters; by `Accept-Language` where it is left out. */
  locale: shape.mailLocale.optional(),
})
/** `login` by the contract; `username` and `email` are aliases. */
export const loginBody = z
  .object({
    login: z.string().max(300).optional(),
    username: z.string().max(300).optional(),
    email: z.string().max(300).optional(),
    password: z.string().max(1_000),
    totp: z.string().max(20).optional(),
  })
  .refine((body) => (body.login ?? body.username ?? body.email) !== undefined, {
    path: ['login'],
    message: 'is missing',
  })
export const refreshBody = z.object({ refresh_token: z.string().max(500).optional() }).nullish()
export const passwordBody = z.object({ current: z.string().max(1_000), next: shape.password })
export const forgotBody = z.object({ login: z.string().max(300) })
const mailToken = z.string().max(200)
export const resetBody = z.object({ token: mailToken, password: shape.password })
export const verifyEmailBody = z.object({ token: mailToken })
export const emailBody = z
  .object({
    email: shape.email.optional(),
    /** The present one; needed with `email`. */
    password: z.string().max(1_000).optional(),
    locale: shape.mailLocale.optional(),
  })
  .refine((body) => body.email === undefined || body.password !== undefined, {
    path: ['password'],
    message: 'is missing',
  })
export const digestBody = z.object({ digest: shape.digestChoice })
export const unsubscribeQuery = z.object({ token: mailToken })
export const session = z.object({
  user: shape.user,
  access_token: z.string(),
  expires_in: z.int().describe('seconds'),
  refresh_token: z.string().optional().describe('only without an Origin header'),
})

export const updateMeBody = z.object({
  display_name: shape.displayName.optional(),
  /** An uploaded picture of one's own; null takes the present one away. */
  avatar_file_id: shape.id.nullable().optional(),
})
export const usersQuery = z.object({
  query: shape.query.optional(),
  online: flag.optional(),
  /** Ids joined by commas: look up people one has only met as ids. */
  ids: z
    .string()
    .max(8_200)
    .transform((text) => text.split(','))
    .pipe(z.array(shape.id).max(LIST_MAX_ITEMS))
    .optional(),
  limit: limitText,
  cursor: shape.cursor.optional(),
})
export const createRoomBody = z.object({
  kind: shape.roomKind,
  name: shape.roomName.optional(),
  usernames: z.array(shape.username).max(GROUP_NAMES_MAX).optional(),
})
export const updateRoomBody = z.object({
  name: shape.roomName.optional(),
  /** An uploaded picture of one's own; null takes the present one away. */
  picture_file_id: shape.id.nullable().optional(),
})
export const filesQuery = z.object({
  kind: shape.fileKind.optional(),
  limit: limitText,
  cursor: shape.cursor.optional(),
})
export const pageQuery = z.object({ limit: limitText, cursor: shape.cursor.optional() })
export const roomSearchQuery = z.object({
  query: shape.query.optional(),
  limit: limitText,
  cursor: shape.cursor.optional(),
})
export const addMemberBody = z.object({ username: shape.username })
export const setRoleBody = z.object({ role: shape.role })
export const sendMessageBody = z.object({
  client_id: shape.clientId,
  body: shape.messageBody,
  reply_to: shape.seq.optional(),
  file_ids: z.array(shape.id).max(FILES_PER_MESSAGE_MAX).optional(),
})
export const editMessageBody = z.object({ body: shape.messageBody, client_id: shape.clientId.optional() })
export const messagesQuery = z
  .object({ before: placeText, after: placeText, around: placeText, limit: limitText })
  .refine(
    (query) => [query.before, query.after, query.around].filter((place) => place !== undefined).length <= 1,
    'takes one of before, after and around',
  )
export const logQuery = z.object({ after: placeText, limit: limitText })
export const searchQuery = z.object({
  query: shape.query,
  room: shape.id.optional(),
  from: shape.id.optional(),
  limit: limitText,
  cursor: shape.cursor.optional(),
})
export const permissionsBody = z.object({
  permissions: z.partialRecord(shape.permissionName, z.boolean().nullable()),
})
const idsOrAll = z.object({
  ids: z.array(shape.id).min(1).max(LIST_MAX_ITEMS).optional(),
  all: z.literal(true).optional(),
})
export const readNotificationsBody = idsOrAll.refine(
  ({ ids, all }) => (ids === undefined) !== (all === undefined),
  'takes either ids or all',
)
export const notificationSettingsBody = shape.notificationSettings.partial()
export const pushSubscriptionBody = shape.pushSubscription
export const roomNotificationsBody = z.object({ level: shape.notifyLevel })
export const roomStorageBody = shape.roomStorageChoice.partial()
export const setupBody = z.object({ code: z.string().max(100) })
export const banBody = z.object({ user_id: shape.id })
export const streamQuery = z.object({ resume: shape.cursor.optional(), poll: flag.optional() })
/** One frame of a client; which fields it needs is the socket's business. */
export const frameBody = z.looseObject({ t: z.string().max(40) })

export const idParams = z.object({ id: shape.id })
export const memberParams = z.object({ id: shape.id, user_id: shape.id })
export const messageParams = z.object({ id: shape.id, seq: seqText })
export const reactionParams = z.object({ id: shape.id, seq: seqText, emoji: shape.emoji })
export const sessionParams = z.object({ session: shape.id })

const next = z.string().optional().describe('passed back as `cursor`; left out on the last page')
export const userAnswer = z.object({ user: shape.user })
export const fileAnswer = z.object({ file: shape.file })
export const meAnswer = z.object({ user: shape.user, admin: z.boolean(), permissions: shape.permissions })
export const emailAnswer = z.object({ email: shape.emailState })
export const signInOptionsAnswer = z.object({
  mail: z.boolean().describe('the server sends e-mail: a forgotten password can be reset by it'),
})
export const digestAnswer = z.object({ digest: shape.digestChoice })
export const usersAnswer = z.object({ users: z.array(shape.user), next })
export const devicesAnswer = z.object({ devices: z.array(shape.device) })
export const permissionsAnswer = z.object({ permissions: shape.permissions, admin: z.boolean().optional() })
export const defaultPermissionsAnswer = z.object({ permissions: shape.permissions })
export const keysAnswer = z.object({ keys: z.array(z.record(z.string(), z.unknown())) })
export const roomAnswer = z.object({ room: shape.room })
export const roomsAnswer = z.object({ rooms: z.array(shape.room), next })
export const memberAnswer = z.object({ member: shape.member })
export const membersAnswer = z.object({ members: z.array(shape.member), next })
export const notificationsAnswer = z.object({
  notifications: z.array(shape.notification),
  unread: z.int(),
  version: z.int().describe('grows with every change of the inbox'),
  next,
})
export const notificationSettingsAnswer = z.object({ settings: shape.notificationSettings })
export const pushAnswer = z.object({
  key: z.string().describe('`applicationServerKey`: a point of P-256, base64url'),
  subscribed: z.boolean().describe('whether pushes go to this device'),
})
export const roomNotificationsAnswer = z.object({ level: shape.notifyLevel })
export const roomStorageAnswer = z.object({ storage: shape.roomStorage })
export const bansAnswer = z.object({ users: z.array(shape.user) })
export const entryAnswer = z.object({ entry: shape.entry })
export const messageAnswer = z.object({ message: shape.message })
export const messagesAnswer = z.object({ messages: z.array(shape.message), more: z.boolean() })
export const sentFilesAnswer = z.object({ files: z.array(shape.sentFile), next })
export const pinsAnswer = z.object({ messages: z.array(shape.message) })
export const foundMessagesAnswer = z.object({ messages: z.array(shape.message), next })
export const logAnswer = z.object({
  entries: z.array(shape.entry),
  head_seq: shape.position,
  first_seq: shape.position,
  more: z.boolean(),
})
/** The answer of a frame sent by the stand-by link: its `ok` or its `error`. */
export const frameAnswer = z.looseObject({ t: z.enum(['ok', 'error']) })
/** What a poll of the stand-by link brings. */
export const pollAnswer = z.object({
  frames: z.array(z.record(z.string(), z.unknown())),
  cursor: z.string(),
})

/** Doors of the seeds. */
export const seedSession = z.object({
  user: shape.user,
  token: z.string(),
  expires_in: z.int().describe('seconds'),
})
export const seedRoomBody = z.object({ name: shape.roomName })
export const seedRoomAnswer = z.object({ id: shape.id, name: z.string(), room: shape.room })

export const errorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.unknown().optional(),
    request_id: z.string(),
  }),
})
