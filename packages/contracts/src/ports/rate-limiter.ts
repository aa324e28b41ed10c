/**
 * Token buckets by key, shared by all processes of a deployment.
 *
 * Atomicity: two takers of the last token never both get it (within one process for the embedded adapter).
 * Loss: a bucket may be forgotten, then it is full again. Cost: one round trip at most.
 */
export interface RateRule {
  readonly name: string
  /** Tokens a full bucket holds. */
  readonly burst: number
  /** Tokens that flow back per second. */
  readonly perSecond: number
}

export interface RateLimiter {
  /** Takes `cost` tokens (default 1); 0 when they were there, otherwise the milliseconds until they are. */
  take(rule: RateRule, key: string, cost?: number): Promise<number>
}

/** For tests and benchmarks: refuses nothing. */
export const unlimitedRates: RateLimiter = { take: async () => 0 }
