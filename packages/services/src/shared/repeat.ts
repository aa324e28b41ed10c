/** Work that is done again and again, at a pace it chooses itself, until it is closed. */
import type { Clock } from '@parley/contracts'

export interface Repeated {
  start(): void
  /** Does not wait for the pause to end. A step that runs is followed by another one. */
  hurry(): void
  /** Resolves when the step that runs has ended. */
  close(): Promise<void>
}

/** `step` answers how long to pause, in milliseconds, and must not throw. */
export function repeat(clock: Clock, step: () => Promise<number>): Repeated {
  let state: 'idle' | 'running' | 'closed' = 'idle'
  let hurried = false
  let cancel: (() => void) | undefined
  let running: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    hurried = false
    const pauseMs = await step()
    if (state === 'closed') return
    cancel = clock.after(hurried ? 0 : pauseMs, go)
  }

  function go(): void {
    cancel = undefined
    running = run()
  }

  return {
    start() {
      if (state !== 'idle') return
      state = 'running'
      go()
    },
    hurry() {
      hurried = true
      if (state !== 'running' || cancel === undefined) return
      cancel()
      go()
    },
    async close() {
      state = 'closed'
      cancel?.()
      await running
    },
  }
}
