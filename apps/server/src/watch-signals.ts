/** Ctrl-C and SIGTERM: the first asks to drain, the next one ends at once. */

/** A terminal sends Ctrl-C to every process of the group, and npm passes it on once more: that is one wish, not two. */
const SAME_WISH_MS = 400

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface SignalHandlers {
  /** The first signal. */
  drain(signal: NodeJS.Signals): void
  /** A later one, at least 400 ms after the first. */
  abandon(signal: NodeJS.Signals): void
}

/** Returns a function that stops watching. */
export function watchSignals(
  handlers: SignalHandlers,
  source: NodeJS.EventEmitter = process,
  now: () => number = () => performance.now(),
): () => void {
  let firstAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAt === undefined) {
      firstAt = now()
      handlers.drain(signal)
    } else if (now() - firstAt >= SAME_WISH_MS) {
      handlers.abandon(signal)
    }
  }
  for (const signal of SIGNALS) source.on(signal, onSignal)
  return () => {
    for (const signal of SIGNALS) source.off(signal, onSignal)
  }
}
