import type { Clock } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

/** What `work` answers; throws `unavailable` when it has not after `ms`. The work itself goes on: nobody waits for it. */
export async function within<Result>(clock: Clock, ms: number, work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>()
  const cancel = clock.after(ms, () => late.reject(new ParleyError('unavailable')))
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    cancel()
  }
}
