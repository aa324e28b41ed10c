import type { Clock } from '@parley/contracts'

/** The promise's outcome, or a rejection once `ms` are over; what comes later is dropped. */
export function within<Result>(clock: Clock, ms: number, promise: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(`no answer within ${ms} ms`)))
    promise.then(resolve, reject).finally(cancel)
  })
}
