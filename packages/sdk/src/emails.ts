/** One's e-mail address, what is sent there, and what its letters lead to. */
import type { DigestChoice, EmailState, MailLocale } from '@parley/protocol'
import type { Http } from './http.ts'
import type { Rest } from './rest.ts'

export interface Emails {
  /** Whether this server sends e-mail at all; also for who is not signed in. */
  isSent(): Promise<boolean>
  state(): Promise<EmailState>
  /** Another address takes the password, and holds once the link sent there was followed. */
  change(changes: { email?: string; password?: string; locale?: MailLocale }): Promise<EmailState>
  /** Sends the link that verifies the address once more. */
  resend(): Promise<void>
  /** By the token of that link; nobody has to be signed in. */
  verify(token: string): Promise<void>
  /** Sends a link for a new password to the verified address of this account, if there is one; it is not told. */
  forgot(login: string): Promise<void>
  /** A new password by the token of that link; every session ends, this one too. */
  reset(input: { token: string; password: string }): Promise<void>
  /** How soon what stays unread is sent. */
  digest(): Promise<DigestChoice>
  setDigest(digest: DigestChoice): Promise<DigestChoice>
}

export function createEmails({ rest, http }: { readonly rest: Rest; readonly http: Http }): Emails {
  const digestPath = '/users/me/notifications/email'
  const open = <Result>(method: 'GET' | 'POST', path: string, body?: object) =>
    http.json<Result>({ method, path: `/api/v1${path}`, ...(body === undefined ? {} : { body }) })
  return {
    isSent: async () => (await open<{ mail: boolean }>('GET', '/auth/options')).mail,
    state: async () => (await rest.call<{ email: EmailState }>('GET', '/auth/email')).email,
    change: async (body) => (await rest.call<{ email: EmailState }>('PATCH', '/auth/email', { body })).email,
    resend: () => rest.call('POST', '/auth/email/resend'),
    verify: (token) => open('POST', '/auth/email/verify', { token }),
    async forgot(login) {
      await open('POST', '/auth/password/forgot', { login })
    },
    reset: (input) => open('POST', '/auth/password/reset', input),
    digest: async () => (await rest.call<{ digest: DigestChoice }>('GET', digestPath)).digest,
    setDigest: async (digest) =>
      (await rest.call<{ digest: DigestChoice }>('PATCH', digestPath, { body: { digest } })).digest,
  }
}
