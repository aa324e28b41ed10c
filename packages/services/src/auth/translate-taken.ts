/** Two people asked for the same name at the same moment: the constraint that decided, as an error of the catalogue. */
import { ParleyError } from '@parley/protocol'

export function translateTaken(error: unknown): unknown {
  const constraint = error instanceof Error && 'constraint' in error ? error.constraint : undefined
  if (constraint === 'account_username_key') return new ParleyError('username_taken', { cause: error })
  if (constraint === 'account_email_key') return new ParleyError('email_taken', { cause: error })
  return error
}
