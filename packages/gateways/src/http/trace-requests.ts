import { noTracer, type Tracer } from '@parley/contracts'
import type { App } from './gateway-types.ts'

/**
 * A journey begins with its request, below the caller's own where `traceparent` says so. Named by the route's
 * template, as in the log; health, metrics and files of the client are no journeys. Without a tracer nothing is hooked.
 */
export function traceRequests(app: App, tracer: Tracer = noTracer): void {
  if (tracer === noTracer) return
  app.addHook('onRequest', async (request) => {
    const { config, url } = request.routeOptions
    if (config.access === undefined || url === undefined) return
    const { traceparent } = request.headers
    const span = tracer.begin(
      `${request.method} ${url}`,
      typeof traceparent === 'string' ? traceparent : undefined,
    )
    if (span !== undefined) request.span = span
  })
  app.addHook('onResponse', async ({ span }, reply) => {
    if (span === undefined) return
    const { statusCode } = reply.raw
    span.set({ 'http.response.status_code': statusCode })
    // By convention of servers: what the client did wrong is no failure of ours.
    span.end(statusCode >= 500 ? new Error(`${statusCode}`) : undefined)
  })
}
