import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

test('pauses double from half a second to thirty, each anywhere between nothing and its bound', () => {
  const longest = (attempt: number) => backoffMs(attempt, () => 1)
  expect([0, 1, 2, 3, 4, 5, 6, 7, 1_000].map(longest)).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ])
  expect(backoffMs(3, () => 0)).toBe(0)
  expect(backoffMs(3, () => 0.5)).toBe(2_000)
})
