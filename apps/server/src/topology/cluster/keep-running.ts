/** An engine that ends without being asked is started again, on the same port. */
import { setTimeout as delay } from 'node:timers/promises'

/** Longer each time it does not start, or ends soon after. */
const RESTART_MIN_MS = 500
const RESTART_MAX_MS = 10_000
/** Having run this long it counts as well. */
const WELL_AFTER_MS = 2_000

export interface Engine {
  readonly pid: number
  /** Resolves with how it ended; also when it was asked to. */
  readonly ended: Promise<string>
  stop(): Promise<void>
}

export interface KeptEngine<E extends Engine> {
  readonly current: E
  readonly startedAt: number
  readonly restarts: number
  stop(): Promise<void>
}

/** Throws what the first start throws. `pause` ends early, rejecting, when its signal is aborted. */
export async function keepRunning<E extends Engine>(
  start: () => Promise<E>,
  onChange: (what: string) => void,
  pause: (ms: number, signal: AbortSignal) => Promise<void> = (ms, signal) =>
    delay(ms, undefined, { signal }),
): Promise<KeptEngine<E>> {
  let current = await start()
  let startedAt = Date.now()
  let restarts = 0
  let delayMs = RESTART_MIN_MS
  const stopping = new AbortController()
  const { signal } = stopping

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      const how = await current.ended
      if (signal.aborted) return
      if (Date.now() - startedAt > WELL_AFTER_MS) delayMs = RESTART_MIN_MS
      onChange(`${how}; it is started again`)
      restarts++
      await startAgain()
    }
  }

  async function startAgain(): Promise<void> {
    let said: string | undefined
    while (!signal.aborted) {
      await pause(delayMs, signal).catch(() => undefined)
      if (signal.aborted) return
      delayMs = Math.min(RESTART_MAX_MS, delayMs * 2)
      try {
        const next = await start()
        if (signal.aborted) return await next.stop()
        current = next
        startedAt = Date.now()
        return onChange(`runs again as process ${next.pid}`)
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error)
        // What is already on the terminal is not said again.
        if (problem !== said) onChange(`${problem}; it is tried again`)
        said = problem
      }
    }
  }

  void watch()
  return {
    get current() {
      return current
    },
    get startedAt() {
      return startedAt
    },
    get restarts() {
      return restarts
    },
    async stop() {
      stopping.abort()
      await current.stop()
    },
  }
}
