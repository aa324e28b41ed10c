/** An exporter whose collector may be away: said once when it goes and once when it is back, and nobody else hears of it. */
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Log } from '@parley/contracts'

/** `ExportResultCode.SUCCESS` of `@opentelemetry/core`, which is no dependency of ours. */
const SUCCESS = 0

export function tellOutages(exporter: SpanExporter, log: Log): SpanExporter {
  let away = false

  function note(error: Error | undefined): void {
    if (error !== undefined && !away)
      log.warn({ error: error.message }, 'the collector takes no spans; they are dropped')
    if (error === undefined && away) log.info({}, 'the collector takes spans again')
    away = error !== undefined
  }

  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        note(result.code === SUCCESS ? undefined : (result.error ?? new Error('refused')))
        done({ code: SUCCESS })
      })
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  }
}
