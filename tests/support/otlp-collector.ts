/** A collector of OpenTelemetry that keeps what it is sent: OTLP over HTTP, in JSON. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CollectedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** Empty where a trace begins. */
  readonly parentSpanId: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
  /** `service.name` of the process. */
  readonly service: string
  readonly failed: boolean
}

export interface OtlpCollector {
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  /** Everything as it came. */
  readonly bodies: readonly string[]
  stop(): Promise<void>
}

interface WireAttribute {
  readonly key: string
  readonly value: Record<string, unknown>
}
interface WireSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links?: CollectedSpan['links']
  readonly attributes?: readonly WireAttribute[]
  readonly status?: { readonly code?: number }
}
interface WireBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireAttribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
  }[]
}

const STATUS_ERROR = 2

export async function startOtlpCollector(port = 0): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = []
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    if (request.url !== '/v1/traces') return void response.writeHead(404).end()
    bodies.push(body)
    spans.push(...read(JSON.parse(body) as WireBody))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

function read({ resourceSpans }: WireBody): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name'])
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => toSpan(span, service)))
  })
}

function toSpan(span: WireSpan, service: string): CollectedSpan {
  const { name, traceId, spanId, parentSpanId = '', links = [], attributes = [], status } = span
  return {
    name,
    traceId,
    spanId,
    parentSpanId,
    links,
    attributes: valuesOf(attributes),
    service,
    failed: status?.code === STATUS_ERROR,
  }
}

function valuesOf(attributes: readonly WireAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

/** A trace as text, children below and inside their parents in the order they came; for comparing with one's eyes. */
export function drawTrace(spans: readonly CollectedSpan[], parent: string, depth = 0): string[] {
  return spans
    .filter((span) => span.parentSpanId === parent)
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((span) => [`${'  '.repeat(depth)}${span.name}`, ...drawTrace(spans, span.spanId, depth + 1)])
}
