/**
 * Makes the setup code while there is no administrator and returns it in clear, that one time only: whoever starts
 * Parley prints it. Undefined when there is an administrator or a code was already given out.
 */
import type { AuthContext } from './context.ts'
import { hashSetupCode, newSetupCode } from './setup-code.ts'

export function ensureSetupCode({ database, clock }: AuthContext): Promise<string | undefined> {
  return database.transaction(async (transaction) => {
    // Two first starts at the same moment must not print two codes.
    await transaction.query('lock table auth.setup_code in share row exclusive mode')
    const { rows } = await transaction.query<{ needed: boolean }>(
      `select not exists (select 1 from auth.setup_code)
         and not exists (select 1 from auth.account where admin) as needed`,
    )
    if (rows[0]?.needed !== true) return undefined
    const code = newSetupCode()
    await transaction.query('insert into auth.setup_code (code_hash, created_at) values ($1, $2)', [
      hashSetupCode(code),
      clock.now(),
    ])
    return code
  })
}
