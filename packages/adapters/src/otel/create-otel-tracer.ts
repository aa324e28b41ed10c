/**
 * The `Tracer` port over OpenTelemetry's SDK: spans go to a collector by OTLP over HTTP, in JSON. It decides itself
 * what is recorded; nothing global is registered, so that two of them live in one process.
 */
import { ROOT_CONTEXT, type Span as SdkSpan, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Clock, Log, Span, Tracer } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { tellOutages } from './tell-outages.ts'
import { isRecorded, readTraceparent, writeTraceparent } from './traceparent.ts'

/** Of callers who record their own journey and want ours with it; a flood of such requests is no flood of spans. */
export const INVITED_MAX_PER_SECOND = 10
/** Spans waiting for the collector; beyond, they are dropped. */
const WAITING_MAX_SPANS = 2_048
const EXPORT_INTERVAL_MS = 1_000
const EXPORT_TIMEOUT_MS = 3_000
/** At the end; a collector that is away holds up nobody. */
const CLOSE_WITHIN_MS = 2_000

export interface OtelTracerOptions {
  /** Base address of the collector, such as `http://collector:4318`; `/v1/traces` is added. */
  readonly url: string
  /** 0 to 1: which part of all journeys is recorded. */
  readonly ratio: number
  readonly service: { readonly name: string; readonly version: string; readonly instance: string }
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  /** 0 to 1, exclusive. */
  readonly random?: () => number
}

export interface RunningTracer extends Tracer {
  /** Sends what waits, for at most two seconds. */
  close(): Promise<void>
}

export function createOtelTracer(options: OtelTracerOptions): RunningTracer {
  const { ratio, clock, random = Math.random } = options
  const provider = createProvider(options)
  const tracer = provider.getTracer('parley')
  const invite = createInvitations(clock)

  const open = (name: string, parent: string | undefined, links: readonly string[]): Span => {
    const context = parent === undefined ? undefined : readTraceparent(parent)
    return present(
      tracer.startSpan(
        name,
        { links: links.flatMap((link) => toLink(link)) },
        context === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context),
      ),
    )
  }

  return {
    begin(name, traceparent) {
      const caller = traceparent === undefined ? undefined : readTraceparent(traceparent)
      const invited = caller !== undefined && isRecorded(caller)
      if (random() >= ratio && !(invited && invite())) return undefined
      return open(name, invited ? traceparent : undefined, [])
    },
    step(name, parent, links = []) {
      return parent === undefined ? undefined : open(name, parent, links)
    },
    async close() {
      const ended = provider.shutdown().catch(() => undefined)
      const { promise: over, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, CLOSE_WITHIN_MS)
      await Promise.race([ended, over])
      clearTimeout(timer)
    },
  }
}

function createProvider({ url, service, log }: OtelTracerOptions): TracerProvider {
  const exporter = new OTLPTraceExporter({
    url: `${url.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  })
  return new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({
      'service.name': service.name,
      'service.version': service.version,
      'service.instance.id': service.instance,
    }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: tellOutages(exporter, log),
        maxQueueSize: WAITING_MAX_SPANS,
        scheduledDelayMillis: EXPORT_INTERVAL_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  })
}

/** True a bounded number of times a second. */
function createInvitations(clock: Pick<Clock, 'now'>): () => boolean {
  let second = 0
  let count = 0
  return () => {
    const now = Math.floor(clock.now() / 1_000)
    if (now !== second) {
      second = now
      count = 0
    }
    return ++count <= INVITED_MAX_PER_SECOND
  }
}

function toLink(text: string) {
  const context = readTraceparent(text)
  return context === undefined ? [] : [{ context }]
}

function present(span: SdkSpan): Span {
  return {
    trace: writeTraceparent(span.spanContext()),
    set: (facts) => void span.setAttributes(facts),
    link(text) {
      for (const link of toLink(text)) span.addLink(link)
    },
    end(error) {
      if (error !== undefined) {
        // The code only: messages of other errors may repeat what somebody wrote.
        span.setAttribute('error.type', error instanceof ParleyError ? error.code : nameOf(error))
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
