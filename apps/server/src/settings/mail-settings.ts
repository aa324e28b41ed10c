/** Settings of e-mail. */
import { mailFrom, smtpUrl } from './mail-kinds.ts'
import { setting } from './setting.ts'

export const mailSettings = {
  smtpUrl: setting({
    env: 'PARLEY_SMTP_URL',
    flag: '--smtp-url',
    placeholder: 'url',
    fallback: undefined,
    parse: smtpUrl,
    description:
      'Server that takes our e-mail: `smtp://user:password@host:587`, or `smtps://…:465`. With a password `smtp:` demands STARTTLS and a certificate that fits, unless `?tls=optional` stands at the end. Not set: no e-mail is sent, and everything else works. The same for `auth` and `notifications`.',
    secret: true,
  }),
  mailFrom: setting({
    env: 'PARLEY_MAIL_FROM',
    flag: '--mail-from',
    placeholder: 'address',
    fallback: undefined,
    parse: mailFrom,
    description:
      'Sender of e-mail, such as `Parley <chat@example.org>`; needed with `PARLEY_SMTP_URL`. Links in it begin with `PARLEY_PUBLIC_URL`.',
  }),
} as const
