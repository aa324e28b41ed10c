/** How recorded journeys go through a batch, which serves many of them at once. */
import type { Database, Log, Span, Tracer } from '@parley/contracts'

/** What is sent, and the step of its journey that waits for the batch. */
export type Sending<Input> = Input & { readonly span?: Span }

/** The step of the batch itself: below the first journey it serves, and both ways linked with the others. */
export function stepBatch(tracer: Tracer, items: readonly Sending<object>[]): Span | undefined {
  // Nearly every batch ends here.
  if (!items.some(({ span }) => span !== undefined)) return undefined
  const [first, ...others] = items.flatMap(({ span }) => span ?? [])
  if (first === undefined) return undefined
  const batch = tracer.step(
    'batch',
    first.trace,
    others.map(({ trace }) => trace),
  )
  if (batch === undefined) return undefined
  batch.set({ 'parley.batch.items': items.length })
  for (const span of others) span.link(batch.trace)
  return batch
}

export function recordedRooms(items: readonly Sending<{ readonly room: string }>[]): Set<string> {
  return new Set(items.flatMap(({ span, room }) => (span === undefined ? [] : room)))
}

/** Rows of many journeys handed over at once: a step of each, and what follows belongs to the first. */
export async function traceHandOver(
  tracer: Tracer,
  rows: readonly { readonly trace?: string | null }[],
  work: (trace: string | undefined) => Promise<void>,
): Promise<void> {
  const spans = rows.flatMap(({ trace }) => (trace == null ? [] : (tracer.step('hand over', trace) ?? [])))
  const [first, ...others] = spans
  for (const span of others) span.link(first?.trace ?? '')
  const end = (error?: unknown) => {
    for (const span of spans) span.end(error)
  }
  try {
    await work(first?.trace)
    end()
  } catch (error) {
    end(error)
    throw error
  }
}

/**
 * For whoever works the outbox row off, which no process does in its first second. A statement of its own for the few
 * that are recorded, instead of a parameter of `rooms.append` that nearly all would leave empty; nobody waits for it.
 */
export function noteTrace(
  { database, log }: { readonly database: Database; readonly log: Log },
  outbox: number,
  trace: string,
): void {
  database
    .query('update rooms.outbox set trace = $2 where id = $1', [outbox, trace], 'rooms.outbox-trace')
    .catch((error: unknown) => log.debug({ error: String(error) }, 'trace not noted in the outbox'))
}
