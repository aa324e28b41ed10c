/**
 * Collects what is owed during a tick and writes it once at the end: the system call is the price of delivery, not
 * the bytes (`npm run bench -- fanout` shows the ceiling of prebuilt batches beside one write a frame). While a flush
 * takes long the next one waits that long too, so that more goes into it; an idle gateway waits for nothing.
 */
export interface Flushable {
  flush(): void
}

export interface Flusher {
  /** Will be flushed at the end of this tick, or of the interval under load. Those that fan out come before those that write. */
  fanOut(source: Flushable): void
  write(target: Flushable): void
  /** At once; for the end of a connection and for draining. */
  flushNow(): void
}

const FLUSH_INTERVAL_MAX_MS = 8
/** Shorter flushes are not worth waiting for. */
const FLUSH_NOTICEABLE_MS = 2

export function createFlusher(now: () => number = () => performance.now()): Flusher {
  let sources: Flushable[] = []
  let targets: Flushable[] = []
  let scheduled = false
  let intervalMs = 0

  function flushNow(): void {
    // What fanning out makes writable is written below, not in a flush of its own.
    scheduled = true
    const began = now()
    const fanning = sources
    sources = []
    for (const source of fanning) source.flush()
    const writing = targets
    targets = []
    for (const target of writing) target.flush()
    scheduled = false
    const tookMs = now() - began
    intervalMs = tookMs < FLUSH_NOTICEABLE_MS ? 0 : Math.min(FLUSH_INTERVAL_MAX_MS, Math.round(tookMs))
    if (sources.length + targets.length > 0) schedule()
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    if (intervalMs === 0) setImmediate(flushNow)
    else setTimeout(flushNow, intervalMs)
  }

  return {
    fanOut(source) {
      sources.push(source)
      schedule()
    },
    write(target) {
      targets.push(target)
      schedule()
    },
    flushNow,
  }
}
