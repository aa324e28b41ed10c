/** Time as a dependency, so that tests move it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Calls back once after `delayMs`; the returned function cancels. In Node a pending timer does not keep the process
   * alive, unless `keepAlive` says that somebody waits for what it brings.
   */
  after(delayMs: number, callback: () => void, options?: { readonly keepAlive?: boolean }): () => void
}

/** Longer waits overflow the platform's timers and would fire at once. */
const DELAY_MAX_MS = 2_147_483_647

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback, options) {
    const timer: unknown = setTimeout(callback, Math.min(delayMs, DELAY_MAX_MS))
    if (options?.keepAlive !== true && canUnref(timer)) timer.unref()
    return () => clearTimeout(timer as number)
  },
}

function canUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer
}
