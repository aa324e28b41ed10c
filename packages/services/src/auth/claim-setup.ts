/** Makes the first one who brings the setup code an administrator; `forbidden` for any other code. */
import type { RateRule } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { AuthVerb } from './context.ts'
import { makeAdministrator } from './make-administrator.ts'
import { hashSetupCode } from './setup-code.ts'

const CLAIM_RULE: RateRule = { name: 'claim-setup', burst: 10, perSecond: 1 / 10 }

export const claimSetup: AuthVerb<'claimSetup'> = async (context, input) => {
  const retryAfterMs = await context.rates.take(CLAIM_RULE, input.user)
  if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs })
  const change = await context.database.transaction(async (transaction) => {
    // Deleting is the claim: of two at the same moment one finds the row gone.
    const { rowCount } = await transaction.query('delete from auth.setup_code where code_hash = $1', [
      hashSetupCode(input.code),
    ])
    if (rowCount === 0) throw new ParleyError('forbidden', { message: 'This setup code is not valid.' })
    return makeAdministrator(context, transaction, input.user)
  })

  await context.changes.announce(change)
  return {}
}
