/** W3C Trace Context: the text by which a journey is known in other processes. */
import { isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api'

/** Version 00; of a later version the first four fields mean the same. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
const TRACEPARENT_MAX_CHARS = 256

/** Undefined when the text is no valid one. */
export function readTraceparent(text: string): SpanContext | undefined {
  if (text.length > TRACEPARENT_MAX_CHARS) return undefined
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(text) ?? []
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return isSpanContextValid(context) ? context : undefined
}

/** Only what is recorded is ever told. */
export function writeTraceparent({ traceId, spanId }: SpanContext): string {
  return `00-${traceId}-${spanId}-01`
}

export function isRecorded({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0
}
