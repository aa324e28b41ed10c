import type { Clock } from '@parley/contracts'

/** What the promise brings, or undefined after `ms`; later it may still fail, and nobody minds. */
export function within<Result>(
  clock: Clock,
  ms: number,
  promise: Promise<Result>,
): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined))
    promise.then(resolve, reject).finally(cancel)
  })
}
