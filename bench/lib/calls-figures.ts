import type { Counts } from './calls-browser.ts'

/** Figures from what a page counted, look after look. */

/** From `from` on, the longest time without a frame; `endedAt` is when the next one was seen. */
export function longestGap(timeline: readonly Counts[], from: number): { ms: number; endedAt: number } {
  let gap = { ms: 0, endedAt: from }
  let lastFrameAt = from
  let frames: number | undefined
  for (const { at, framesDecoded = 0 } of timeline) {
    const more = frames !== undefined && framesDecoded > frames
    frames = framesDecoded
    if (at < from || !more) continue
    if (at - lastFrameAt > gap.ms) gap = { ms: at - lastFrameAt, endedAt: at }
    lastFrameAt = at
  }
  return gap
}

type Counter = Exclude<keyof Counts, 'at' | 'frameHeight'>

/** How much a counter grew from one time to another, per second; 0 where there were no two looks. */
export function rate(timeline: readonly Counts[], counter: Counter, from: number, to: number): number {
  const within = timeline.filter(({ at }) => at >= from && at <= to)
  const [first, last] = [within.at(0), within.at(-1)]
  if (first === undefined || last === undefined || last.at === first.at) return 0
  return ((last[counter] ?? 0) - (first[counter] ?? 0)) / ((last.at - first.at) / 1000)
}

/**
 * Milliseconds from `from` until a rate, taken over `windowMs`, is one that `fits`, and stays so until `to`.
 * Undefined if it never is.
 */
export function settledAfter(
  timeline: readonly Counts[],
  { counter, from, to, windowMs }: { counter: Counter; from: number; to: number; windowMs: number },
  fits: (perSecond: number) => boolean,
): number | undefined {
  const ends = timeline.map(({ at }) => at).filter((at) => at >= from + windowMs && at <= to)
  const misfit = ends.findLastIndex((at) => !fits(rate(timeline, counter, at - windowMs, at)))
  const end = ends[misfit + 1]
  return end === undefined ? undefined : end - from
}
