/** Background work as the last step of the recorded journey that it was handed over by. */
import { during, noTracer, type Tracer, type WorkItem, workBodies } from '@parley/contracts'

type Handler = (item: WorkItem) => Promise<void>

export function traceItems(tracer: Tracer, name: string, handler: Handler): Handler {
  if (tracer === noTracer) return handler
  return async (item) => {
    const { trace } = workBodies['room.entries'].parse(JSON.parse(item.body))
    await during(tracer.step(name, trace), () => handler(item))
  }
}
