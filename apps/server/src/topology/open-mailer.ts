/** E-mail, where the settings name a server that takes it. The client for it is loaded only then. */
import type { Mailer } from '@parley/contracts'
import { PlainError } from '../plain-error.ts'
import type { MailContext } from '../role.ts'
import { reachableUrls } from '../settings/origins.ts'
import type { Settings } from '../settings/table.ts'

export function openMail(settings: Settings): MailContext | undefined {
  const { smtpUrl, mailFrom } = settings
  if (smtpUrl === undefined || mailFrom === undefined) return undefined
  return {
    publicUrl: settings.publicUrl ?? settings.origins?.[0] ?? reachableUrls(settings)[0] ?? '',
    openMailer: () => createMailer(smtpUrl, mailFrom),
  }
}

async function createMailer(url: string, from: string): Promise<Mailer> {
  const { createSmtpMailer } = await import('@parley/adapters/smtp/create-smtp-mailer')
  return createSmtpMailer({ url, from })
}

/** What `parley doctor` says of it. Throws `PlainError`. */
export async function checkMail(settings: Settings): Promise<string> {
  const { smtpUrl, mailFrom } = settings
  if (smtpUrl === undefined || mailFrom === undefined) return ''
  const mailer = await createMailer(smtpUrl, mailFrom)
  const { host } = new URL(smtpUrl)
  try {
    await mailer.check()
    return `${host} takes mail from ${mailFrom}`
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new PlainError(
      `${host} does not take mail (${cause}): mend PARLEY_SMTP_URL, or the server. Letters wait for a day; everything else works.`,
    )
  } finally {
    mailer.close()
  }
}
