import { expect, test } from 'vitest'
import type { Counts } from './calls-browser.ts'
import { longestGap, rate, settledAfter } from './calls-figures.ts'

const looks = (...values: [at: number, framesDecoded: number, bytesSent?: number][]): Counts[] =>
  values.map(([at, framesDecoded, bytesSent = 0]) => ({ at, framesDecoded, bytesSent, frameHeight: 0 }))

test('the longest time without a frame ends when the next one is seen', () => {
  const timeline = looks([0, 1], [100, 2], [200, 3], [300, 3], [900, 3], [1000, 5], [1100, 6])
  expect(longestGap(timeline, 100)).toEqual({ ms: 800, endedAt: 1000 })
})

test('a time without frames begins where one looks from, not before', () => {
  const timeline = looks([0, 1], [500, 1], [800, 2], [900, 3])
  expect(longestGap(timeline, 600)).toEqual({ ms: 200, endedAt: 800 })
})

test('a rate is growth over the time between the looks', () => {
  const timeline = looks([0, 0, 0], [1000, 20, 5000], [2000, 40, 5500], [3000, 60, 6000])
  expect(rate(timeline, 'bytesSent', 1000, 3000)).toBe(500)
  expect(rate(timeline, 'framesDecoded', 5000, 6000)).toBe(0)
})

test('settled is what fits and goes on fitting', () => {
  const bytes = [0, 1000, 2000, 2100, 3100, 3200, 3300]
  const timeline = bytes.map((sent, i) => ({ at: i * 1000, bytesSent: sent, frameHeight: 0 }))
  const span = { counter: 'bytesSent', from: 1000, to: 6000, windowMs: 1000 } as const
  expect(settledAfter(timeline, span, (perSecond) => perSecond <= 200)).toBe(4000)
  expect(settledAfter(timeline, span, (perSecond) => perSecond < 100)).toBeUndefined()
})
