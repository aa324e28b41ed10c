import type { Log } from '@parley/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Histogram, type Registry } from 'prom-client'

/**
 * One line and one observation a request. The line names the route's template, never the path or query, which
 * may hold what people search for; bodies, cookies and tokens are never seen here. Streams are logged when they
 * end and not observed: they last as long as their reader.
 */
export function createObservation(metrics: Registry, log: Log) {
  const duration = new Histogram({
    name: 'parley_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer, by route template.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [metrics],
  })

  return function observe(request: FastifyRequest, reply: FastifyReply): void {
    const route = request.routeOptions.url ?? 'unmatched'
    const status = reply.raw.statusCode
    const elapsedMs = reply.elapsedTime
    if (!route.endsWith('/stream')) {
      duration.observe({ method: request.method, route, status }, elapsedMs / 1_000)
    }
    const fields = {
      request_id: request.id,
      method: request.method,
      route,
      status,
      duration_ms: Math.round(elapsedMs * 10) / 10,
      ...(request.principal ? { user: request.principal.user } : {}),
    }
    const quiet = (request.method === 'GET' || request.method === 'HEAD') && status < 500
    if (quiet) log.debug(fields, 'request')
    else log.info(fields, 'request')
  }
}
