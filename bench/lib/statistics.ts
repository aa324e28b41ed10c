/** Figures over rounds and samples. Every function refuses an empty list: no figure is better than an invented one. */

export interface Spread {
  median: number
  min: number
  max: number
}

/** The middle value; of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = sortedCopy(values)
  const upper = sorted.length >> 1
  const high = sorted[upper] as number
  return sorted.length % 2 === 1 ? high : ((sorted[upper - 1] as number) + high) / 2
}

export function spread(values: readonly number[]): Spread {
  const sorted = sortedCopy(values)
  return { median: median(sorted), min: sorted[0] as number, max: sorted[sorted.length - 1] as number }
}

/** Nearest-rank percentile, `rank` in (0, 100]: the smallest value that at least `rank` % of all do not exceed. */
export function percentile(values: readonly number[], rank: number): number {
  if (!(rank > 0 && rank <= 100)) throw new RangeError(`a percentile is in (0, 100], not ${rank}`)
  const sorted = sortedCopy(values)
  // 99.9 % of 1,000 is 999.0000000000001 in binary; the allowance keeps it the 999th.
  return sorted[Math.max(0, Math.ceil((rank * sorted.length) / 100 - 1e-9) - 1)] as number
}

function sortedCopy(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('no values to take a figure from')
  if (values.some((value) => Number.isNaN(value))) throw new RangeError('a value is not a number')
  return [...values].sort((a, b) => a - b)
}
