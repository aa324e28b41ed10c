const FIRST_MS = 500
const LONGEST_MS = 30_000

/**
 * Exponential backoff with full jitter: uniform between 0 and 0.5 s · 2^attempt, at most 30 s. Full rather than partial
 * jitter, because thousands of clients lose a server in the same moment and must not come back in the same one.
 */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16)))
}
