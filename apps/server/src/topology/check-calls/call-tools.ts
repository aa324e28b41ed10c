import type { Clock } from '@parley/contracts'

/** What the examinations of calls work with. */
export interface CallTools {
  readonly clock: Clock
  /** Milliseconds with fractions, from any beginning. */
  readonly stopwatch: () => number
  /** For each answer. */
  readonly timeoutMs: number
  /** How long packets are sent through each relay. */
  readonly relayMs: number
  /** PEM of whom certificates of STUN and TURN servers are believed, instead of those that Node knows. */
  readonly ca?: string
}
