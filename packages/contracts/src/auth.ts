/** What the auth service promises: accounts, passwords, tokens, devices, permissions. */
import * as shape from '@parley/protocol/shapes'
import { z } from 'zod'
import { defineContract, once, type ServiceOf, verb } from './contract.ts'
import { composedMail, mailById, mailSettlement } from './mail.ts'

const client = z.object({
  /** What a person reads in the list of devices, e.g. the user agent; at most 200 characters. */
  device_name: z.string(),
  /** Network address, for throttling; kept only in the notice of a new device, until that is sent. */
  address: z.string(),
})

export const signIn = z.object({
  user: shape.user,
  device: shape.id,
  access_token: z.string(),
  expires_in_seconds: z.int(),
  refresh_token: z.string(),
})

/** What other services keep as their own copy. `version` grows with every change of this user. */
export const userRecord = z.object({
  id: shape.id,
  username: z.string(),
  display_name: z.string(),
  avatar_file_id: shape.id.nullable(),
  admin: z.boolean(),
  disabled: z.boolean(),
  permissions: shape.permissions,
  version: z.int(),
})

/** Something that cuts off tokens already issued. Kept until no token it concerns can be valid any more. */
export const revocation = z.object({
  /** Grows; the position of the feed. */
  id: z.int(),
  at: shape.timestamp,
  /** A device session ended, or every session of a user (ban). */
  kind: z.enum(['device', 'user']),
  /** Id of the device or user. Devices of a user have revocations of their own beside the user's. */
  subject: shape.id,
})

export const authContract = defineContract('auth', {
  register: verb(
    client.extend({
      username: z.string(),
      password: z.string(),
      email: z.string().optional(),
      display_name: z.string().optional(),
      /** In which letters to this person are written. */
      locale: shape.mailLocale.optional(),
      /** Seed doors hand out tokens of a day. */
      lifetime: z.enum(['short', 'day']),
    }),
    signIn,
    once,
  ),
  login: verb(
    client.extend({ login: z.string(), password: z.string(), lifetime: z.enum(['short', 'day']) }),
    signIn,
    once,
  ),
  refresh: verb(z.object({ refresh_token: z.string() }), signIn, once),
  /** Ends one device session: its tokens are refused at once. */
  logout: verb(z.object({ user: shape.id, device: shape.id }), z.object({})),
  changePassword: verb(
    z.object({
      user: shape.id,
      device: shape.id,
      current: z.string(),
      next: z.string(),
      address: z.string(),
    }),
    z.object({}),
    once,
  ),
  listDevices: verb(
    z.object({ user: shape.id, device: shape.id }),
    z.object({ devices: z.array(shape.device) }),
  ),
  revokeDevice: verb(z.object({ user: shape.id, device: shape.id }), z.object({})),
  getUsers: verb(z.object({ ids: z.array(shape.id).max(500) }), z.object({ users: z.array(shape.user) })),
  searchUsers: verb(
    z.object({ query: z.string().optional(), limit: z.int(), cursor: z.string().optional() }),
    z.object({ users: z.array(shape.user), next: z.string().optional() }),
  ),
  updateUser: verb(
    z.object({
      user: shape.id,
      display_name: z.string().optional(),
      /** The caller has seen that it is theirs and a picture. */
      avatar_file_id: shape.id.nullable().optional(),
    }),
    z.object({ user: shape.user }),
  ),
  /** One's own or, for an administrator, anybody's; the defaults when `user` is left out. */
  getPermissions: verb(
    z.object({ actor: shape.id, user: shape.id.optional() }),
    z.object({ permissions: shape.permissions, admin: z.boolean() }),
  ),
  /** Administrators only. `null` falls back to the default; without `user` the defaults themselves change. */
  setPermissions: verb(
    z.object({
      actor: shape.id,
      user: shape.id.optional(),
      permissions: z.partialRecord(shape.permissionName, z.boolean().nullable()),
    }),
    z.object({ permissions: shape.permissions }),
  ),
  /** Administrators only: a disabled user is signed out everywhere and cannot sign in. */
  setDisabled: verb(z.object({ actor: shape.id, user: shape.id, disabled: z.boolean() }), z.object({})),
  /** The one-time setup code makes its first bearer an administrator. */
  claimSetup: verb(z.object({ user: shape.id, code: z.string() }), z.object({}), once),
  /** For the operator's command line; no actor. */
  promote: verb(z.object({ username: z.string() }), z.object({})),
  /** Public keys (JWK set) against which every process verifies access tokens, and the claims these must carry. */
  keys: verb(
    z.object({}),
    z.object({
      keys: z.array(z.record(z.string(), z.unknown())),
      issuer: z.string(),
      audience: z.string(),
    }),
  ),
  /**
   * Revocations that still matter with an id above `after`, oldest first, a bounded page: ask again until none
   * come. Ids become visible in their order, so none is ever missed. An `after` beyond the newest id (a restored
   * backup) starts again from the oldest. `now` is the clock of the auth service.
   */
  revocations: verb(
    z.object({ after: z.int() }),
    z.object({ revocations: z.array(revocation), now: shape.timestamp }),
  ),
  /** Records of users for other services' copies: by id, or all in pages. */
  userRecords: verb(
    z.object({
      ids: z.array(shape.id).max(500).optional(),
      usernames: z.array(z.string()).max(500).optional(),
      after: shape.id.optional(),
      limit: z.int().optional(),
    }),
    z.object({ users: z.array(userRecord) }),
  ),
  /** What somebody who is not signed in can count on here. */
  signInOptions: verb(z.object({}), z.object({ mail: z.boolean() })),
  getEmail: verb(z.object({ user: shape.id }), z.object({ email: shape.emailState })),
  /**
   * What is left out stays. Another address takes the password, and holds once its owner has followed the link in the
   * letter sent there; where no mail is sent it holds at once, unverified.
   */
  setEmail: verb(
    z.object({
      user: shape.id,
      email: z.string().optional(),
      password: z.string().optional(),
      locale: shape.mailLocale.optional(),
      address: z.string(),
    }),
    z.object({ email: shape.emailState }),
    once,
  ),
  /** Throws `conflict` when there is nothing to verify, `mail_off` where no mail is sent. */
  resendVerification: verb(z.object({ user: shape.id }), z.object({})),
  /** Whoever has the token can read what is sent to the address. Throws `link_expired`, `email_taken`. */
  verifyEmail: verb(z.object({ token: z.string(), address: z.string() }), z.object({}), once),
  /** Answers alike, and in the same time, for names that exist and others. Throws `mail_off`. */
  forgotPassword: verb(z.object({ login: z.string(), address: z.string() }), z.object({}), once),
  /** Ends every session. Throws `link_expired`, `password_too_common`. */
  resetForgotten: verb(
    z.object({ token: z.string(), password: z.string(), address: z.string() }),
    z.object({}),
    once,
  ),
  /** Where letters to a person go: null without a verified address, and for who is locked out. */
  mailRecipient: verb(
    z.object({ user: shape.id }),
    z.object({
      recipient: z.object({ address: z.string(), name: z.string(), locale: shape.mailLocale }).nullable(),
    }),
  ),
  composeMail: verb(mailById, composedMail, once),
  settleMail: verb(mailSettlement, z.object({})),
})

export type AuthService = ServiceOf<typeof authContract>
export type SignIn = z.output<typeof signIn>
export type UserRecord = z.output<typeof userRecord>
export type Revocation = z.output<typeof revocation>
