/** One's e-mail address: what it is, another one, and the letter that verifies it once more. */
import type { Queryable, RateRule } from '@parley/contracts'
import { type EmailState, type MailLocale, ParleyError } from '@parley/protocol'
import type { AuthContext, AuthVerb } from '../context.ts'
import { translateTaken } from '../translate-taken.ts'
import { queueMail } from './mail-about.ts'
import { dropTokens } from './mail-tokens.ts'

/** Letters to addresses that somebody typed, per account: a typing mistake or two, no bombardment of others. */
export const VERIFY_RULE: RateRule = { name: 'verify-mail', burst: 5, perSecond: 1 / 900 }
/** Of all accounts together, per address: whoever makes many of them bombards nobody either. */
export const VERIFY_ADDRESS_RULE: RateRule = { name: 'verify-mail-address', burst: 10, perSecond: 1 / 900 }

interface EmailRow {
  email: string | null
  email_pending: string | null
  email_verified_at: number | null
  locale: MailLocale
}

async function readEmail(database: Queryable, user: string): Promise<EmailState> {
  const { rows } = await database.query<EmailRow>(
    'select email, email_pending, email_verified_at, locale from auth.account where id = $1',
    [user],
  )
  const row = rows[0]
  if (row === undefined) throw new ParleyError('not_found')
  return {
    ...(row.email === null ? {} : { address: row.email }),
    verified: row.email_verified_at !== null,
    ...(row.email_pending === null ? {} : { pending: row.email_pending }),
    locale: row.locale,
  }
}

export const getEmail: AuthVerb<'getEmail'> = async ({ database }, { user }) => ({
  email: await readEmail(database, user),
})

export const setEmail: AuthVerb<'setEmail'> = async (context, input) => {
  const { database } = context
  // First what may be refused: then nothing is changed.
  if (input.email !== undefined) await changeAddress(context, { ...input, email: input.email })
  await setLocale(database, input)
  return { email: await readEmail(database, input.user) }
}

async function setLocale(
  writer: Queryable,
  { user, locale }: { readonly user: string; readonly locale?: MailLocale | undefined },
): Promise<void> {
  if (locale === undefined) return
  await writer.query('update auth.account set locale = $2 where id = $1', [user, locale])
}

interface AddressChange {
  readonly user: string
  readonly email: string
  readonly password?: string | undefined
  readonly locale?: MailLocale | undefined
  readonly address: string
}

async function changeAddress(context: AuthContext, input: AddressChange): Promise<void> {
  const { database, passwords, throttle } = context
  await throttle.admit(input.user, input.address)
  const { rows } = await database.query<{ password_hash: string; email: string | null; verified: boolean }>(
    `select password_hash, email, email_verified_at is not null as verified from auth.account where id = $1`,
    [input.user],
  )
  const account = rows[0]
  if (!(await passwords.verify(account?.password_hash, input.password ?? '')) || account === undefined)
    throw new ParleyError('bad_credentials')
  throttle.succeeded(input.user, input.address)
  if (account.email === input.email && account.verified) return
  // Before it is told whether somebody has it, or it could be asked of any number of addresses.
  if (context.mail !== undefined) await admitLetter(context, VERIFY_RULE, input.user)
  const taken = await database.query(
    'select 1 from auth.account where email = $1 and id <> $2 and email_verified_at is not null',
    [input.email, input.user],
  )
  if (taken.rows.length > 0) throw new ParleyError('email_taken')
  if (context.mail !== undefined) await admitLetter(context, VERIFY_ADDRESS_RULE, input.email)

  await database
    .transaction(async (transaction) => {
      await setLocale(transaction, input)
      await dropTokens(transaction, input.user, ['verify', 'reset'])
      await transaction.query(
        context.mail === undefined
          ? 'update auth.account set email = $2, email_pending = null, email_verified_at = null where id = $1'
          : 'update auth.account set email_pending = nullif($2, email) where id = $1',
        [input.user, input.email],
      )
      await queueMail(context, transaction, 'verify', { account: input.user, email: input.email })
    })
    .catch((error: unknown) => {
      throw translateTaken(error)
    })
}

async function admitLetter({ rates }: AuthContext, rule: RateRule, key: string): Promise<void> {
  const retryAfterMs = await rates.take(rule, key)
  if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs })
}

export const resendVerification: AuthVerb<'resendVerification'> = async (context, { user }) => {
  if (context.mail === undefined) throw new ParleyError('mail_off')
  const { address, pending, verified } = await readEmail(context.database, user)
  const email = pending ?? (verified ? undefined : address)
  if (email === undefined) throw new ParleyError('conflict', { message: 'There is no address to verify.' })
  await admitLetter(context, VERIFY_RULE, user)
  await admitLetter(context, VERIFY_ADDRESS_RULE, email)
  await queueMail(context, context.database, 'verify', { account: user, email })
  return {}
}
