/** A clock that stands still until a test moves it. */
import type { Clock } from '@parley/contracts'

export interface ManualClock extends Clock {
  /** Moves time on and runs what became due, in order of time; what that schedules within the span runs too. */
  advance(byMs: number): void
  /** Resolves once something is scheduled: the moment at which `advance` can make it happen. */
  scheduled(): Promise<void>
  readonly pending: number
}

/** 2025-01-01T00:00:00Z. */
const START_MS = 1_735_689_600_000

export function createManualClock(startMs: number = START_MS): ManualClock {
  let now = startMs
  let timers: { at: number; callback: () => void }[] = []
  const waiting: (() => void)[] = []

  return {
    now: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback }
      timers.push(timer)
      for (const resolve of waiting.splice(0)) resolve()
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance(byMs) {
      const until = now + byMs
      for (;;) {
        const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers = timers.filter((other) => other !== due)
        now = Math.max(now, due.at)
        due.callback()
      }
      now = until
    },
    scheduled: () =>
      timers.length > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    get pending() {
      return timers.length
    },
  }
}
