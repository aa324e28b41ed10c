/** Where letters to a person go. */
import type { MailLocale } from '@parley/protocol'
import type { AuthVerb } from '../context.ts'

export const mailRecipient: AuthVerb<'mailRecipient'> = async ({ database }, { user }) => {
  const { rows } = await database.query<{ address: string; name: string; locale: MailLocale }>(
    `select email as address, display_name as name, locale from auth.account
     where id = $1 and email is not null and email_verified_at is not null and not disabled`,
    [user],
  )
  return { recipient: rows[0] ?? null }
}
