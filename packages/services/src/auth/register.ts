/** A new account, signed in. */
import type { RateRule } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { AuthContext, AuthVerb } from './context.ts'
import { VERIFY_ADDRESS_RULE } from './mail/email.ts'
import { queueMail } from './mail/mail-about.ts'
import { insertDevice, prepareDevice, toSignIn } from './start-device.ts'
import { translateTaken } from './translate-taken.ts'

/** Generous: a class or an office comes from one address on its first day. */
export const REGISTER_RULE: RateRule = { name: 'register', burst: 200, perSecond: 0.5 }

export const register: AuthVerb<'register'> = async (context, input) => {
  const { database, clock, passwords } = context
  const retryAfterMs = await context.rates.take(REGISTER_RULE, input.address)
  if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs })
  if (context.isCommonPassword(input.password)) throw new ParleyError('password_too_common')
  const { email, pending, letter } = await findAddress(context, input)

  const account = {
    id: context.newId(),
    username: input.username,
    display_name: input.display_name ?? input.username,
    avatar_file_id: null,
    passwordHash: await passwords.hash(input.password),
  }
  const device = await prepareDevice(context, account.id, {
    name: input.device_name,
    lifetime: input.lifetime,
  })
  const now = clock.now()
  const change = await database
    .transaction(async (transaction) => {
      await transaction.query(
        `insert into auth.account (id, username, display_name, email, password_hash, created_at, locale, email_pending)
         values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          account.id,
          account.username,
          account.display_name,
          email,
          account.passwordHash,
          now,
          input.locale ?? 'en',
          pending,
        ],
        'auth-insert-account',
      )
      await insertDevice(transaction, now, account, device)
      if (letter !== null)
        await queueMail(context, transaction, 'verify', { account: account.id, email: letter })
      return context.changes.record(transaction, account.id)
    })
    .catch((error: unknown) => {
      throw translateTaken(error)
    })

  await context.changes.announce(change)
  return toSignIn(account, device)
}

interface Address {
  readonly email: string | null
  /** Somebody else has it without having shown that it is theirs: whoever shows it first has it. */
  readonly pending: string | null
  /** Where the letter that verifies it goes. */
  readonly letter: string | null
}

/** Asked before the hash, which is the expensive part; the unique constraints decide. Throws what is taken. */
async function findAddress(
  { database, mail, rates }: Pick<AuthContext, 'database' | 'mail' | 'rates'>,
  { username, email = null }: { readonly username: string; readonly email?: string | null | undefined },
): Promise<Address> {
  const { rows } = await database.query<{ username: string; verified: boolean }>(
    `select username, email_verified_at is not null as verified from auth.account
     where username = $1 or email = $2`,
    [username, email],
    'auth-register-taken',
  )
  if (rows.some((other) => other.username === username)) throw new ParleyError('username_taken')
  if (rows.length === 0) return { email, pending: null, letter: email }
  // Without letters nobody could ever show it.
  if (email === null || mail === undefined || rows.some(({ verified }) => verified))
    throw new ParleyError('email_taken')
  // Many accounts with the address of one victim are not many letters; it can be sent again later.
  const waitMs = await rates.take(VERIFY_ADDRESS_RULE, email)
  return { email: null, pending: email, letter: waitMs > 0 ? null : email }
}
