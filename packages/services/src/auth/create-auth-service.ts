/** The auth service: its verbs over one context, and what it does by the clock. */
import type {
  AuthService,
  Backlog,
  Bus,
  Clock,
  Database,
  Log,
  NewId,
  RateLimiter,
  UserRecord,
  WorkQueue,
} from '@parley/contracts'
import { createMailRelay } from '../shared/mail/relay.ts'
import { changePassword } from './change-password.ts'
import { createChangeRelay } from './change-relay.ts'
import { claimSetup } from './claim-setup.ts'
import { cleanUp } from './clean-up.ts'
import { loadCommonPasswords } from './common-passwords.ts'
import type { AuthContext } from './context.ts'
import { ensureSetupCode } from './ensure-setup-code.ts'
import { getPermissions } from './get-permissions.ts'
import { getUsers } from './get-users.ts'
import { listDevices } from './list-devices.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { composeMail, settleMail } from './mail/compose-mail.ts'
import { getEmail, resendVerification, setEmail } from './mail/email.ts'
import { forgotPassword, resetForgotten } from './mail/forgot-password.ts'
import { mailRecipient } from './mail/mail-recipient.ts'
import { verifyEmail } from './mail/verify-email.ts'
import { createPasswordThrottle } from './password-throttle.ts'
import { createPasswords, type PasswordCost } from './passwords.ts'
import { promote } from './promote.ts'
import { readBacklog } from './read-backlog.ts'
import { refresh } from './refresh.ts'
import { register } from './register.ts'
import { type ResetPassword, resetPassword } from './reset-password.ts'
import { revocations } from './revocations.ts'
import { revokeDevice } from './revoke-device.ts'
import { searchUsers } from './search-users.ts'
import { setDisabled } from './set-disabled.ts'
import { setPermissions } from './set-permissions.ts'
import { createSigningKeys, TOKEN_AUDIENCE } from './signing-keys.ts'
import { updateUser } from './update-user.ts'
import { userRecords } from './user-records.ts'

export interface AuthServiceDeps {
  readonly database: Database
  readonly bus: Bus
  readonly rates: RateLimiter
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  /** Tells the services that keep copies of users; resolves when they have them. Called again after a failure. */
  readonly announceUsers: (users: UserRecord[]) => Promise<void>
  /** The `iss` of access tokens; tokens of another issuer are refused. */
  readonly issuer: string
  /** Where this server sends mail: how letters are handed on, and the address of the web client in their links. */
  readonly mail?: { readonly publicUrl: string; readonly queue: WorkQueue } | undefined
  /** For tests, where a hash must not take 18 ms. */
  readonly passwordCost?: PasswordCost
}

/** The contract's verbs, and what only the process that runs the service may ask. */
export interface LocalAuthService extends AuthService {
  /** Makes the first signing key, announces changes that were left behind, and from then on cleans up and rotates keys. */
  start(): Promise<void>
  /** Waits for what is under way; the database stays open. */
  close(): Promise<void>
  /** A new signing key takes over in a minute; tokens signed before stay good. */
  rotateKeys(): Promise<void>
  /** Withdraws every signing key: all tokens must be refreshed, those of a thief with them. */
  replaceKeys(): Promise<void>
  /** The setup code in clear, the first time only and only while there is no administrator. */
  ensureSetupCode(): Promise<string | undefined>
  /** Another password for somebody who forgot theirs; every session of theirs ends. Throws `not_found`. */
  resetPassword(input: ResetPassword): Promise<void>
  /** Changes of users that the others do not know yet. */
  backlog(): Promise<Backlog>
}

const UPKEEP_INTERVAL_MS = 3_600_000

export function createAuthService(deps: AuthServiceDeps): LocalAuthService {
  const { database, clock, newId, log, issuer } = deps
  const context: AuthContext = {
    database,
    bus: deps.bus,
    rates: deps.rates,
    clock,
    newId,
    log,
    passwords: createPasswords(deps.passwordCost),
    isCommonPassword: loadCommonPasswords(),
    throttle: createPasswordThrottle(deps.rates, clock),
    keys: createSigningKeys({ database, clock, issuer, newId }),
    changes: createChangeRelay({ database, clock, log, announceUsers: deps.announceUsers }),
    mail: deps.mail,
  }
  const letters =
    deps.mail === undefined
      ? undefined
      : createMailRelay({ database, schema: 'auth', queue: deps.mail.queue, clock, log })
  const upkeep = createUpkeep(context)

  return {
    register: (input) => register(context, input),
    login: (input) => login(context, input),
    refresh: (input) => refresh(context, input),
    logout: (input) => logout(context, input),
    changePassword: (input) => changePassword(context, input),
    listDevices: (input) => listDevices(context, input),
    revokeDevice: (input) => revokeDevice(context, input),
    getUsers: (input) => getUsers(context, input),
    searchUsers: (input) => searchUsers(context, input),
    updateUser: (input) => updateUser(context, input),
    getPermissions: (input) => getPermissions(context, input),
    setPermissions: (input) => setPermissions(context, input),
    setDisabled: (input) => setDisabled(context, input),
    claimSetup: (input) => claimSetup(context, input),
    promote: (input) => promote(context, input),
    revocations: (input) => revocations(context, input),
    userRecords: (input) => userRecords(context, input),
    signInOptions: async () => ({ mail: context.mail !== undefined }),
    getEmail: (input) => getEmail(context, input),
    setEmail: (input) => setEmail(context, input),
    resendVerification: (input) => resendVerification(context, input),
    verifyEmail: (input) => verifyEmail(context, input),
    forgotPassword: (input) => forgotPassword(context, input),
    resetForgotten: (input) => resetForgotten(context, input),
    mailRecipient: (input) => mailRecipient(context, input),
    composeMail: (input) => composeMail(context, input),
    settleMail: (input) => settleMail(context, input),
    async keys() {
      const keys = await context.keys.publicKeys()
      return { keys: keys.map((key) => ({ ...key })), issuer, audience: TOKEN_AUDIENCE }
    },
    rotateKeys: () => context.keys.rotate(),
    replaceKeys: () => context.keys.replaceAll(),
    ensureSetupCode: () => ensureSetupCode(context),
    resetPassword: (input) => resetPassword(context, input),
    backlog: () => readBacklog(database, clock),
    async start() {
      await context.keys.rotateWhenDue()
      context.changes.start()
      upkeep.start()
      letters?.start()
    },
    async close() {
      await Promise.all([context.changes.close(), upkeep.close(), letters?.close()])
    },
  }
}

/** Every hour, and soon after the start. */
function createUpkeep(context: AuthContext) {
  let closed = false
  let cancelTimer = () => {}
  let round = Promise.resolve()

  async function run(): Promise<void> {
    try {
      await context.keys.rotateWhenDue()
      await cleanUp(context)
    } catch (error) {
      context.log.warn({ error }, 'the upkeep of accounts failed; it is tried again in an hour')
    }
    schedule(UPKEEP_INTERVAL_MS)
  }

  function schedule(delayMs: number): void {
    if (closed) return
    cancelTimer = context.clock.after(delayMs, () => {
      round = run()
    })
  }

  return {
    start: () => schedule(0),
    async close() {
      closed = true
      cancelTimer()
      await round
    },
  }
}
