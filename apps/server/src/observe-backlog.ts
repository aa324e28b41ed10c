/** What a service has committed and not yet told, for `/metrics`. */
import type { Backlog, Clock } from '@parley/contracts'
import { Gauge, type Registry } from 'prom-client'

/** A database that does not answer must not hold up the other figures. */
const READ_MAX_MS = 1_000

/** NaN, with which no alarm compares, while the database does not answer. */
export function observeBacklog(
  { metrics, clock }: { readonly metrics: Registry; readonly clock: Clock },
  service: 'auth' | 'rooms',
  read: () => Promise<Backlog>,
): void {
  let reading: Promise<Backlog> | undefined
  /** Both figures of a scrape are of one moment. */
  const readOnce = (): Promise<Backlog> => {
    reading ??= readWithin(clock, read).finally(() => {
      reading = undefined
    })
    return reading
  }
  new Gauge({
    name: `parley_${service}_outbox_rows`,
    help: 'Committed batches not yet told to others; counted up to 10,000',
    registers: [metrics],
    async collect() {
      this.set((await readOnce()).rows)
    },
  })
  new Gauge({
    name: `parley_${service}_outbox_oldest_seconds`,
    help: 'Age of the oldest of them; 0 when there is none',
    registers: [metrics],
    async collect() {
      this.set((await readOnce()).oldestMs / 1_000)
    },
  })
}

async function readWithin(clock: Clock, read: () => Promise<Backlog>): Promise<Backlog> {
  const unknown = { rows: Number.NaN, oldestMs: Number.NaN }
  const late = Promise.withResolvers<Backlog>()
  const cancel = clock.after(READ_MAX_MS, () => late.resolve(unknown))
  try {
    return await Promise.race([read().catch(() => unknown), late.promise])
  } finally {
    cancel()
  }
}
