/** What every verb of auth works with. Made once in `create-auth-service.ts`. */
import type {
  authContract,
  Bus,
  Clock,
  Database,
  InputOf,
  Log,
  NewId,
  OutputOf,
  RateLimiter,
} from '@parley/contracts'
import type { ChangeRelay } from './change-relay.ts'
import type { IsCommonPassword } from './common-passwords.ts'
import type { PasswordThrottle } from './password-throttle.ts'
import type { Passwords } from './passwords.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface AuthContext {
  readonly database: Database
  readonly bus: Bus
  readonly rates: RateLimiter
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  readonly passwords: Passwords
  readonly isCommonPassword: IsCommonPassword
  readonly throttle: PasswordThrottle
  readonly keys: SigningKeys
  readonly changes: ChangeRelay
  /** Undefined where this server sends no mail. */
  readonly mail: { readonly publicUrl: string } | undefined
}

type Contract = typeof authContract
export type AuthVerb<Name extends keyof Contract['verbs']> = (
  context: AuthContext,
  input: InputOf<Contract, Name>,
) => Promise<OutputOf<Contract, Name>>
