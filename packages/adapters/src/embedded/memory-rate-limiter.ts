/** Token buckets in memory. A bucket that has refilled is forgotten, so memory follows the number of busy keys. */
import type { Clock, RateLimiter, RateRule } from '@parley/contracts'

interface Bucket {
  tokens: number
  at: number
  rule: RateRule
}

/** Above this many buckets the refilled ones are swept. */
const SWEEP_AT_BUCKETS = 10_000

export function createMemoryRateLimiter(clock: Clock): RateLimiter {
  const buckets = new Map<string, Bucket>()
  let sweepAt = SWEEP_AT_BUCKETS

  function refill(bucket: Bucket, now: number): void {
    bucket.tokens = Math.min(
      bucket.rule.burst,
      bucket.tokens + (Math.max(0, now - bucket.at) / 1_000) * bucket.rule.perSecond,
    )
    bucket.at = now
  }

  function sweep(now: number): void {
    for (const [key, bucket] of buckets) {
      refill(bucket, now)
      if (bucket.tokens >= bucket.rule.burst) buckets.delete(key)
    }
    // Doubling keeps the sweep's cost per taken token constant while many keys are busy.
    sweepAt = Math.max(SWEEP_AT_BUCKETS, buckets.size * 2)
  }

  return {
    async take(rule, key, cost = 1) {
      const now = clock.now()
      if (buckets.size >= sweepAt) sweep(now)
      const name = `${rule.name}:${key}`
      let bucket = buckets.get(name)
      if (bucket === undefined) {
        bucket = { tokens: rule.burst, at: now, rule }
        buckets.set(name, bucket)
      }
      refill(bucket, now)
      if (bucket.tokens >= cost) {
        bucket.tokens -= cost
        return 0
      }
      return Math.ceil(((cost - bucket.tokens) / rule.perSecond) * 1_000)
    },
  }
}
