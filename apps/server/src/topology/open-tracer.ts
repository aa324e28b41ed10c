/** Traces, where the settings ask for them. OpenTelemetry is loaded only then. */
import { randomUUID } from 'node:crypto'
import { type Log, noTracer, systemClock, type Tracer } from '@parley/contracts'
import type { Settings } from '../settings/table.ts'
import { readVersion } from '../version.ts'

/** `stack` sends what waits, and ends it after everything that is opened later. */
export async function openTracer(
  { settings, log }: { readonly settings: Settings; readonly log: Log },
  stack: AsyncDisposableStack,
): Promise<Tracer> {
  const { otlpUrl: url, traceRatio: ratio, redisUrl, roles } = settings
  if (url === undefined) return noTracer
  const { createOtelTracer } = await import('@parley/adapters/otel/create-otel-tracer')
  // In the embedded topology one process is all of them.
  const name = redisUrl === undefined ? 'parley' : `parley-${roles.join('-')}`
  const service = { name, version: readVersion(), instance: randomUUID() }
  const tracer = createOtelTracer({ url, ratio, service, clock: systemClock, log })
  stack.defer(() => tracer.close())
  return tracer
}
