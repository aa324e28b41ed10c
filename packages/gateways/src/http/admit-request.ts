import type { Log, RateLimiter } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isAllowedOrigin, readCredentials } from '../shared/credentials.ts'
import type { TokenVerifier } from '../shared/token-verifier.ts'
import { addressKey } from './address-key.ts'
import type { RateName } from './rate-rules.ts'
import { rateRules } from './rate-rules.ts'
import { addressOf } from './sender.ts'

interface AdmitDeps {
  readonly verifier: TokenVerifier
  readonly rates: RateLimiter
  readonly origins: ReadonlySet<string>
  readonly log: Log
  readonly clearCookies: (reply: FastifyReply) => void
}

/**
 * What happens before a body is read: origin, credentials, rate – in this order, so that a foreign page learns
 * nothing and a stranger costs no parsing. Sets `request.principal`.
 */
export function createAdmission(deps: AdmitDeps) {
  async function takeRate(name: RateName, key: string): Promise<void> {
    let waitMs: number
    try {
      waitMs = await deps.rates.take(rateRules[name], key)
    } catch (error) {
      // A limiter that is away must not take the service with it.
      deps.log.warn({ err: error }, 'the rate limiter did not answer; the request passed')
      return
    }
    if (waitMs > 0) throw new ParleyError('rate_limited', { retryAfterMs: waitMs })
  }

  async function authenticate(request: FastifyRequest): Promise<void> {
    const credentials = readCredentials(request.headers)
    if (credentials === undefined) throw new ParleyError('unauthenticated')
    if (!deps.verifier.fresh) throw new ParleyError('unavailable')
    request.principal = await deps.verifier.verify(credentials.token)
  }

  return async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { access, rate, endsSession } = request.routeOptions.config
    if (access === undefined) return
    const safe = request.method === 'GET' || request.method === 'HEAD'
    if (!safe) refuseForeignOrigin(request, access, deps.origins)
    if (access === 'open') return takeRate('open', addressKey(addressOf(request)))
    try {
      await authenticate(request)
    } catch (error) {
      await takeRate('open', addressKey(addressOf(request)))
      if (endsSession === true && error instanceof ParleyError && error.status === 401) {
        deps.clearCookies(reply)
      }
      throw error
    }
    if (request.principal !== null) await takeRate(rate ?? (safe ? 'read' : 'write'), request.principal.user)
  }
}

/**
 * A browser names the origin on every request that changes something. With a cookie it must be there and allowed;
 * without one a foreign origin is refused too (nobody else's page signs people in), unless a Bearer token shows
 * that the sender is no form.
 */
function refuseForeignOrigin(
  request: FastifyRequest,
  access: 'user' | 'open',
  origins: ReadonlySet<string>,
): void {
  const via = access === 'user' ? readCredentials(request.headers)?.via : undefined
  if (via === 'bearer') return
  const { origin } = request.headers
  if (origin === undefined ? via === 'cookie' : !isAllowedOrigin(origin, origins)) {
    throw new ParleyError('bad_origin')
  }
}
