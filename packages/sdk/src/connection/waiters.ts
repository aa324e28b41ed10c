import { ParleyError } from '@parley/protocol'
import type { Clock } from '../clock.ts'

/** Those who wait for the same thing. */
export class Waiters<Value> {
  readonly #waiting = new Set<{ resolve: (value: Value) => void; reject: (error: Error) => void }>()

  /** Rejects with `unavailable` after `withinMs`. */
  wait(clock: Clock, withinMs: number): Promise<Value> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#waiting.delete(waiter)
        cancel()
      }
      const waiter = {
        resolve(value: Value) {
          done()
          resolve(value)
        },
        reject(error: Error) {
          done()
          reject(error)
        },
      }
      const cancel = clock.after(Math.max(0, withinMs), () =>
        waiter.reject(new ParleyError('unavailable', { message: 'There is no connection to the server.' })),
      )
      this.#waiting.add(waiter)
    })
  }

  resolve(value: Value): void {
    for (const waiter of [...this.#waiting]) waiter.resolve(value)
  }

  reject(error: Error): void {
    for (const waiter of [...this.#waiting]) waiter.reject(error)
  }
}
