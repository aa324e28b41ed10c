import { expect, test } from 'vitest'
import { parseSchedule } from './schedule.ts'

const at = (text: string): number => Date.parse(text)

test('the next time is after the given one, in UTC, also where clocks are put forward', () => {
  const nightly = parseSchedule('30 2 * * *')
  expect(nightly.next(at('2026-03-29T02:29:59Z'))).toBe(at('2026-03-29T02:30:00Z'))
  expect(nightly.next(at('2026-03-29T02:30:00Z'))).toBe(at('2026-03-30T02:30:00Z'))
})

test('steps, lists and days of the week are understood', () => {
  expect(parseSchedule('*/15 * * * *').next(at('2026-01-01T00:01:00Z'))).toBe(at('2026-01-01T00:15:00Z'))
  expect(parseSchedule('0 4 * * 7').next(at('2026-01-01T00:00:00Z'))).toBe(at('2026-01-04T04:00:00Z'))
  expect(parseSchedule('@hourly').next(at('2026-01-01T00:30:00Z'))).toBe(at('2026-01-01T01:00:00Z'))
})

test('a time that never comes is none', () => {
  expect(parseSchedule('0 0 31 2 *').next(at('2026-01-01T00:00:00Z'))).toBeUndefined()
})

test('what is no schedule is refused', () => {
  for (const text of ['', 'daily', '* * *', '61 * * * *', '* * * * * *', '* 25 * * *'])
    expect(() => parseSchedule(text), text).toThrow()
})
