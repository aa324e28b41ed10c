/** An engine that ends without being asked is started again, on the same port. */
import { setTimeout as delay } from 'node:timers/promises'

const RESTART_DELAY_MS = 500

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

/** Throws what the first start throws. */
export async function keepRunning<E extends Engine>(
  start: () => Promise<E>,
  onChange: (what: string) => void,
): Promise<KeptEngine<E>> {
  let current = await start()
  let startedAt = Date.now()
  let restarts = 0
  let stopping = false

  async function watch(): Promise<void> {
    while (!stopping) {
      const how = await current.ended
      if (stopping) return
      onChange(`${how}; it is started again`)
      restarts++
      await startAgain()
    }
  }

  async function startAgain(): Promise<void> {
    while (!stopping) {
      await delay(RESTART_DELAY_MS)
      try {
        const next = await start()
        if (stopping) return await next.stop()
        current = next
        startedAt = Date.now()
        return onChange(`runs again as process ${next.pid}`)
      } catch (error) {
        onChange(error instanceof Error ? error.message : String(error))
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
      stopping = true
      await current.stop()
    },
  }
}
