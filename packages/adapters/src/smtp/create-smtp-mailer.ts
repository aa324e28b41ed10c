/** Letters over SMTP, by nodemailer: one connection a letter, nothing kept. */
import type { Letter, Mailer } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { createTransport } from 'nodemailer'

const CONNECT_MAX_MS = 10_000
const GREETING_MAX_MS = 15_000
/** Without a byte. Servers that look a letter over take their time with the answer to its end. */
const SILENCE_MAX_MS = 60_000
const CLOSE_MAX_MS = 1_000
/** For what is being handed over at the end; cutting it off may mean sending it twice. */
const FINISH_MAX_MS = 5_000

export interface SmtpOptions {
  /**
   * `smtp://user:password@host:587` or `smtps://…:465`; user, password and port may be left out. With credentials
   * `smtp:` demands STARTTLS and a certificate that fits, unless the query says `tls=optional`.
   */
  readonly url: string
  /** `Name <address>` or an address. */
  readonly from: string
  /** Certificates that are trusted instead of the usual ones, PEM; for tests. */
  readonly ca?: string
}

/** Where a URL leads and how far it is trusted. */
export function readSmtpUrl(text: string) {
  const url = new URL(text)
  const isSecure = url.protocol === 'smtps:'
  const hasCredentials = url.username !== ''
  const mustEncrypt = isSecure || (hasCredentials && url.searchParams.get('tls') !== 'optional')
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isSecure ? 465 : hasCredentials ? 587 : 25) : Number(url.port),
    secure: isSecure,
    requireTLS: mustEncrypt && !isSecure,
    mustEncrypt,
    ...(hasCredentials
      ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
      : {}),
  }
}

export function createSmtpMailer({ url, from, ca }: SmtpOptions): Mailer {
  const { mustEncrypt, ...server } = readSmtpUrl(url)
  const transport = createTransport({
    ...server,
    // Encryption that is not demanded keeps out who only listens; a certificate of its own is better than none.
    tls: { rejectUnauthorized: mustEncrypt, ...(ca === undefined ? {} : { ca }) },
    opportunisticTLS: !mustEncrypt,
    connectionTimeout: CONNECT_MAX_MS,
    greetingTimeout: GREETING_MAX_MS,
    socketTimeout: SILENCE_MAX_MS,
    dnsTimeout: CONNECT_MAX_MS,
    socketCloseTimeout: CLOSE_MAX_MS,
    // Nothing in a letter makes this process read a file or a page.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = domainOf(from)
  const ending = new AbortController()

  return {
    async send(letter) {
      try {
        await transport.sendMail({ ...toMessage(letter, from, domain), signal: ending.signal })
        return 'sent'
      } catch (error) {
        if (isAboutLetter(error)) return 'refused'
        throw unavailable(error)
      }
    },
    async check() {
      try {
        await transport.verify()
      } catch (error) {
        throw unavailable(error)
      }
    },
    close() {
      setTimeout(() => ending.abort(), FINISH_MAX_MS).unref()
      transport.close()
    },
  }
}

function toMessage(letter: Letter, from: string, domain: string) {
  const { unsubscribeUrl } = letter
  return {
    from,
    // As an object: an address is never read as a list of them.
    to: { name: '', address: letter.to },
    subject: letter.subject.replace(/[\r\n]+/g, ' '),
    text: letter.text,
    html: letter.html,
    messageId: `<${letter.id}@${domain}>`,
    headers: {
      // Answering machines hold back, and so do mailing lists.
      'Auto-Submitted': 'auto-generated',
      ...(unsubscribeUrl === undefined
        ? {}
        : {
            'List-Unsubscribe': { prepared: true, value: `<${unsubscribeUrl}>` },
            'List-Unsubscribe-Post': { prepared: true, value: 'List-Unsubscribe=One-Click' },
          }),
    },
  }
}

function domainOf(from: string): string {
  return /@([^\s<>@]+)>?\s*$/.exec(from)?.[1]?.toLowerCase() ?? 'localhost'
}

interface SmtpFailure extends Error {
  readonly code?: string
  readonly command?: string
  readonly permanent?: boolean
}

/** The recipient or the letter itself was turned down for good; a sender that is turned down is ours to mend. */
function isAboutLetter(error: unknown): boolean {
  const { command, permanent, code } = error as SmtpFailure
  if (code === 'EENVELOPE' && command === 'API') return true
  return permanent === true && (command === 'RCPT TO' || command === 'DATA')
}

function unavailable(error: unknown): ParleyError {
  const message = error instanceof Error ? error.message : String(error)
  return new ParleyError('unavailable', { message: message.slice(0, 300), cause: error })
}
