/** The letter about a sign-in. About each one: what a device calls itself proves nothing about whose it is. */
import type { RateRule } from '@parley/contracts'
import type { AuthContext } from '../context.ts'
import { queueMail } from './mail-about.ts'

/** Per account; a program that signs in every minute does not fill a mailbox. */
export const NEW_DEVICE_RULE: RateRule = { name: 'new-device-mail', burst: 10, perSecond: 1 / 3_600 }

/** Never fails the sign-in. */
export async function tellNewDevice(
  context: AuthContext,
  account: string,
  { name, address }: { name: string; address: string },
): Promise<void> {
  if (context.mail === undefined) return
  try {
    const { rows } = await context.database.query(
      'select 1 from auth.account where id = $1 and email_verified_at is not null',
      [account],
      'auth-has-verified-email',
    )
    if (rows.length === 0 || (await context.rates.take(NEW_DEVICE_RULE, account)) > 0) return
    const at = context.clock.now()
    await queueMail(context, context.database, 'new_device', { account, device: name, address, at })
  } catch (error) {
    context.log.warn({ error }, 'a sign-in could not be told by e-mail')
  }
}
