import type { AuthService } from '@parley/contracts'
import { judgeScraper } from '@parley/contracts/judge-caller'
import { ParleyError } from '@parley/protocol'
import * as rest from '@parley/protocol/rest'
import type { FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { z } from 'zod'
import { type App, contextOf, type Readiness } from '../gateway-types.ts'

interface OperationDeps {
  readonly auth: AuthService
  readonly ready: () => Readiness
  readonly metrics: Registry
  readonly metricsToken: string | null
}

const tags = ['Operations']
const NOT_READY_RETRY_MS = 2_000

export function registerOperationRoutes(app: App, deps: OperationDeps): void {
  registerHealth(app, deps.ready)
  registerMetrics(app, deps)
  app.get('/api/openapi.json', { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()))
  app.get(
    '/.well-known/jwks.json',
    {
      config: { access: 'open' },
      schema: {
        tags,
        operationId: 'getWellKnownKeys',
        summary: 'Public keys that verify access tokens (JWK set)',
        response: { 200: rest.keysAnswer },
      },
    },
    (request) => deps.auth.keys({}, contextOf(request)),
  )
}

function registerHealth(app: App, ready: () => Readiness): void {
  app.get(
    '/healthz',
    {
      schema: {
        tags,
        operationId: 'getHealth',
        summary: 'The process is alive',
        response: { 200: z.object({ status: z.literal('alive') }) },
      },
    },
    () => ({ status: 'alive' as const }),
  )
  app.get(
    '/readyz',
    {
      config: { errors: ['unavailable'] },
      schema: {
        tags,
        operationId: 'getReadiness',
        summary: 'The process can serve; not while starting or draining',
        response: { 200: z.object({ status: z.literal('ready') }) },
      },
    },
    () => {
      const state = ready()
      if (typeof state === 'boolean' ? state : state.ready) return { status: 'ready' as const }
      const reason = typeof state === 'object' ? state.reason : undefined
      throw new ParleyError('unavailable', {
        message: `Not ready${reason === undefined ? '' : `: ${reason}`}.`,
        retryAfterMs: NOT_READY_RETRY_MS,
        ...(reason === undefined ? {} : { details: { reason } }),
      })
    },
  )
}

function registerMetrics(app: App, deps: OperationDeps): void {
  app.get(
    '/metrics',
    {
      config: { errors: ['unauthenticated', 'not_found'] },
      schema: {
        tags,
        operationId: 'getMetrics',
        summary: 'Prometheus; on this machine, or with the metrics token',
        response: {
          200: { description: 'Prometheus text.', content: { 'text/plain': { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      admitScraper(request, deps.metricsToken)
      return reply.type(deps.metrics.contentType).send(await deps.metrics.metrics())
    },
  )
}

/** Without a token to present the path is not there. */
function admitScraper(request: FastifyRequest, metricsToken: string | null): void {
  const verdict = judgeScraper(request, metricsToken)
  if (verdict === 'hidden') throw new ParleyError('not_found')
  if (verdict === 'refused') throw new ParleyError('unauthenticated')
}
