/** The last step of every sign-in: a device session with its pair of tokens. */
import type { Queryable, SignIn } from '@parley/contracts'
import { type AccountRow, toUser } from './accounts.ts'
import type { AuthContext } from './context.ts'
import { newRefreshToken, type RefreshToken } from './refresh-token.ts'
import { ACCESS_LIFETIME_SECONDS, type Lifetime } from './signing-keys.ts'

/** A device that is not used for this long has to sign in again. */
export const REFRESH_LIFETIME_MS = 30 * 86_400_000
const DEVICE_NAME_MAX_CHARS = 200

export interface NewDevice {
  readonly id: string
  readonly name: string
  readonly lifetime: Lifetime
  readonly refreshToken: RefreshToken
  readonly accessToken: string
}

/** Before the commit: a key that cannot sign must not leave a device behind. */
export async function prepareDevice(
  context: AuthContext,
  account: string,
  options: { name: string; lifetime: Lifetime },
): Promise<NewDevice> {
  const id = context.newId()
  return {
    id,
    name: toDeviceName(options.name),
    lifetime: options.lifetime,
    refreshToken: newRefreshToken(),
    accessToken: await context.keys.sign({ user: account, device: id, lifetime: options.lifetime }),
  }
}

/**
 * False when the account is no longer what was checked: disabled meanwhile, or its password changed (a sign-in with
 * the old one must not outlive the change that ends all other devices).
 */
export async function insertDevice(
  transaction: Queryable,
  nowMs: number,
  account: { id: string; passwordHash: string },
  device: NewDevice,
): Promise<boolean> {
  const { rowCount } = await transaction.query(
    `with account as (
       select id from auth.account where id = $2 and password_hash = $3 and not disabled for share)
     insert into auth.device
       (id, account, name, lifetime, created_at, last_seen_at, family, candidates, refresh_until)
     select $1, account.id, $4, $5, $6, $6, $7, array[$8], $9 from account`,
    [
      device.id,
      account.id,
      account.passwordHash,
      device.name,
      device.lifetime,
      nowMs,
      device.refreshToken.familyHash,
      device.refreshToken.hash,
      nowMs + REFRESH_LIFETIME_MS,
    ],
    'auth-insert-device',
  )
  return rowCount === 1
}

export function toSignIn(account: AccountRow, device: NewDevice): SignIn {
  return {
    user: toUser(account),
    device: device.id,
    access_token: device.accessToken,
    expires_in_seconds: ACCESS_LIFETIME_SECONDS[device.lifetime],
    refresh_token: device.refreshToken.text,
  }
}

function toDeviceName(text: string): string {
  return text.replaceAll('\u0000', '').slice(0, DEVICE_NAME_MAX_CHARS).toWellFormed()
}
