import { describe, expect, test } from 'vitest'
import { median, percentile, spread } from './statistics.ts'

describe('statistics', () => {
  test('the median is the middle value, or the mean of the middle two, in any order of rounds', () => {
    expect(median([9])).toBe(9)
    expect(median([30, 4, 100])).toBe(30)
    expect(median([100, 30, 4, 20])).toBe(25)
  })

  test('the spread gives median, least and greatest', () => {
    expect(spread([7, 3, 5])).toEqual({ median: 5, min: 3, max: 7 })
  })

  test('numbers are ordered as numbers, not as text', () => {
    expect(spread([10, 9, 100])).toEqual({ median: 10, min: 9, max: 100 })
  })

  test('a percentile is the nearest rank and never beyond the greatest value', () => {
    const values = Array.from({ length: 1000 }, (_, i) => 1000 - i)
    expect(percentile(values, 50)).toBe(500)
    expect(percentile(values, 99)).toBe(990)
    expect(percentile(values, 99.9)).toBe(999)
    expect(percentile(values, 100)).toBe(1000)
    expect(percentile([5], 1)).toBe(5)
  })

  test('the given values are left in their order', () => {
    const values = [3, 1, 2]
    median(values)
    percentile(values, 50)
    expect(values).toEqual([3, 1, 2])
  })

  test('nothing measured gives an error, not a figure', () => {
    expect(() => median([])).toThrow(RangeError)
    expect(() => percentile([], 50)).toThrow(RangeError)
    expect(() => spread([1, Number.NaN])).toThrow(RangeError)
    expect(() => percentile([1], 0)).toThrow(RangeError)
    expect(() => percentile([1], 101)).toThrow(RangeError)
  })
})
