/** A new account, signed in. */
import type { RateRule } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { AuthVerb } from './context.ts'
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
  const email = input.email ?? null
  // Asked before the hash, which is the expensive part; the unique constraints decide.
  const taken = await database.query<{ email: string | null; username: string }>(
    'select username, email from auth.account where username = $1 or email = $2',
    [input.username, email],
    'auth-register-taken',
  )
  for (const other of taken.rows) {
    throw new ParleyError(other.username === input.username ? 'username_taken' : 'email_taken')
  }

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
        `insert into auth.account (id, username, display_name, email, password_hash, created_at, locale)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [
          account.id,
          account.username,
          account.display_name,
          email,
          account.passwordHash,
          now,
          input.locale ?? 'en',
        ],
        'auth-insert-account',
      )
      await insertDevice(transaction, now, account, device)
      if (email !== null) await queueMail(context, transaction, 'verify', { account: account.id, email })
      return context.changes.record(transaction, account.id)
    })
    .catch((error: unknown) => {
      throw translateTaken(error)
    })

  await context.changes.announce(change)
  return toSignIn(account, device)
}
