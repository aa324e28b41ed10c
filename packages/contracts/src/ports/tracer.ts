/**
 * The journey of one request through functions, batches and processes, as spans.
 *
 * Where a journey stands is a W3C `traceparent` text that travels with what is asked, said and stored: parents are
 * explicit, because a batch serves many journeys and a queue outlives its process, and there what is "current" says
 * nothing. A journey that is not recorded has no such text, and none of its steps has a span: off, or not chosen, costs
 * a function call that returns `undefined`. Loss: spans may be lost at any time. No method throws.
 *
 * Never in a span: what people write, their names, tokens, keys. Ids of rooms and sequence numbers are fine.
 */
export interface Tracer {
  /**
   * A journey begins. `traceparent` is what a stranger sent along: a recorded journey takes its place below the
   * caller's, and a caller who records its own has a better chance of being recorded, not the right to it.
   */
  begin(name: string, traceparent?: string): Span | undefined
  /** A step of the journey that stands at `parent`, text of our own. `links` to other journeys it also serves. */
  step(name: string, parent: string | undefined, links?: readonly string[]): Span | undefined
}

export type SpanFacts = Readonly<Record<string, string | number | boolean>>

export interface Span {
  /** Where the journey stands now: the parent of what happens below, here or elsewhere. */
  readonly trace: string
  set(facts: SpanFacts): void
  /** To another journey that this step turned out to serve, or to be served by. */
  link(trace: string): void
  /** Told once; with an error the step counts as failed. */
  end(error?: unknown): void
}

export const noTracer: Tracer = { begin: () => undefined, step: () => undefined }

/** Does the work of a step and ends it, also when the work fails. */
export function during<Result>(span: Span | undefined, work: () => Promise<Result>): Promise<Result> {
  return span === undefined ? work() : endAfter(span, work)
}

async function endAfter<Result>(span: Span, work: () => Promise<Result>): Promise<Result> {
  try {
    const result = await work()
    span.end()
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}
