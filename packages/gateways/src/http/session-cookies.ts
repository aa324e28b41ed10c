import type { SignIn } from '@parley/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ACCESS_COOKIE, REFRESH_COOKIE, readCookie } from '../shared/credentials.ts'

const REFRESH_PATH = '/api/v1/auth'
/**
 * How long a browser keeps both, seconds. Longer than an access token on purpose: one that expired is answered
 * `token_expired`, which tells the client to refresh, while a missing one would only say `unauthenticated`.
 */
const COOKIE_MAX_AGE_S = 30 * 24 * 3_600

export interface SessionCookies {
  set(reply: FastifyReply, signIn: SignIn): void
  clear(reply: FastifyReply): void
  readRefreshToken(request: FastifyRequest): string | undefined
}

/**
 * Tokens where no script can read them. SameSite=Lax rather than Strict: someone who follows a link from an e-mail
 * is signed in at once, and whatever changes something needs an allowed `Origin` besides.
 */
export function createSessionCookies(secure: boolean): SessionCookies {
  const shared = { httpOnly: true, sameSite: 'lax', secure } as const
  return {
    set(reply, signIn) {
      reply.setCookie(ACCESS_COOKIE, signIn.access_token, { ...shared, path: '/', maxAge: COOKIE_MAX_AGE_S })
      reply.setCookie(REFRESH_COOKIE, signIn.refresh_token, {
        ...shared,
        path: REFRESH_PATH,
        maxAge: COOKIE_MAX_AGE_S,
      })
    },
    clear(reply) {
      reply.clearCookie(ACCESS_COOKIE, { ...shared, path: '/' })
      reply.clearCookie(REFRESH_COOKIE, { ...shared, path: REFRESH_PATH })
    },
    readRefreshToken(request) {
      return readCookie(request.headers.cookie, REFRESH_COOKIE)
    },
  }
}
