/** The link of a letter was followed: the address is theirs. Whoever had it without having verified it loses it. */
import type { RateRule } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { AuthVerb } from '../context.ts'
import { translateTaken } from '../translate-taken.ts'
import { dropTokens, useToken } from './mail-tokens.ts'

/** Nobody guesses 256 bits; this bounds the work of who tries. */
export const TOKEN_RULE: RateRule = { name: 'mail-token', burst: 30, perSecond: 1 / 10 }

export const verifyEmail: AuthVerb<'verifyEmail'> = async (context, input) => {
  const { database, clock, rates } = context
  const retryAfterMs = await rates.take(TOKEN_RULE, input.address)
  if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs })
  await database
    .transaction(async (transaction) => {
      const now = clock.now()
      const subject = await useToken(transaction, now, 'verify', input.token)
      if (subject === undefined) throw new ParleyError('link_expired')
      await transaction.query(
        'update auth.account set email = null where email = $1 and id <> $2 and email_verified_at is null',
        [subject.email, subject.account],
      )
      const { rowCount } = await transaction.query(
        `update auth.account set email = $2, email_verified_at = $3, email_pending = null
         where id = $1 and (email_pending = $2 or (email = $2 and email_pending is null))`,
        [subject.account, subject.email, now],
      )
      // Another address was asked for after the letter had been written.
      if (rowCount === 0) throw new ParleyError('link_expired')
      await dropTokens(transaction, subject.account, ['reset'])
    })
    .catch((error: unknown) => {
      throw translateTaken(error)
    })
  return {}
}
