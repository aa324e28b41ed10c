/** A forgotten password: the letter, and the new one that its link allows. */
import type { RateRule } from '@parley/contracts'
import { isStorable, ParleyError } from '@parley/protocol'
import type { AuthVerb } from '../context.ts'
import { announceRevocations, endDevices } from '../end-devices.ts'
import { queueMail } from './mail-about.ts'
import { dropTokens, findToken, useToken } from './mail-tokens.ts'
import { TOKEN_RULE } from './verify-email.ts'

/** Per network address: refused beyond it. */
export const FORGOT_ADDRESS_RULE: RateRule = { name: 'forgot-address', burst: 20, perSecond: 1 / 60 }
/** Per name that is typed: beyond it nothing is sent, and the answer is the same, as a refusal would lock others out. */
export const FORGOT_LOGIN_RULE: RateRule = { name: 'forgot-login', burst: 3, perSecond: 1 / 1_200 }

/** Whether there is such an account is not even asked here: the letter finds out when it is written. */
export const forgotPassword: AuthVerb<'forgotPassword'> = async (context, input) => {
  const { database, rates } = context
  if (context.mail === undefined) throw new ParleyError('mail_off')
  const retryAfterMs = await rates.take(FORGOT_ADDRESS_RULE, input.address)
  if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs })
  const login = input.login.trim().toLowerCase()
  if (login === '' || !isStorable(login) || (await rates.take(FORGOT_LOGIN_RULE, login)) > 0) return {}
  await queueMail(context, database, 'reset', { login })
  return {}
}

export const resetForgotten: AuthVerb<'resetForgotten'> = async (context, input) => {
  const { database, clock, passwords, rates } = context
  const retryAfterMs = await rates.take(TOKEN_RULE, input.address)
  if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs })
  // Looked at first, so that a password that will not do does not cost the link; used up where it counts.
  if ((await findToken(database, clock.now(), 'reset', input.token)) === undefined)
    throw new ParleyError('link_expired')
  if (context.isCommonPassword(input.password)) throw new ParleyError('password_too_common')
  const hash = await passwords.hash(input.password)
  const ended = await database.transaction(async (transaction) => {
    const now = clock.now()
    const subject = await useToken(transaction, now, 'reset', input.token)
    if (subject === undefined) throw new ParleyError('link_expired')
    const { rowCount } = await transaction.query(
      'update auth.account set password_hash = $2 where id = $1 and email = $3 and not disabled',
      [subject.account, hash, subject.email],
    )
    if (rowCount === 0) throw new ParleyError('link_expired')
    await dropTokens(transaction, subject.account, ['verify'])
    return endDevices(transaction, now, { account: subject.account })
  })
  announceRevocations(context.bus, ended)
  return {}
}
