/** What one person does at once, in one process: each costs work that others wait for. */
import { ParleyError } from '@parley/protocol'

const RETRY_MS = 2_000

/** Throws `rate_limited` while `max` of this person are under way, and what the work throws. */
export function createFewAtOnce(max: number) {
  const underWay = new Map<string, number>()
  return async <Result>(user: string, work: () => Promise<Result>): Promise<Result> => {
    const mine = underWay.get(user) ?? 0
    if (mine >= max) throw new ParleyError('rate_limited', { retryAfterMs: RETRY_MS })
    underWay.set(user, mine + 1)
    try {
      return await work()
    } finally {
      const left = (underWay.get(user) ?? 1) - 1
      if (left === 0) underWay.delete(user)
      else underWay.set(user, left)
    }
  }
}
