import { describe, expect, it } from 'vitest'
import { isQuiet } from './is-quiet.ts'

const hours = (from: string, to: string, time_zone = 'UTC') => ({
  do_not_disturb_until: null,
  quiet_hours: { from, to, time_zone },
})
const at = (text: string) => Date.parse(`2026-03-10T${text}Z`)

describe('quiet hours', () => {
  it.each([
    ['21:59:59', false],
    ['22:00:00', true],
    ['23:59:59', true],
    ['00:00:00', true],
    ['06:59:59', true],
    ['07:00:00', false],
    ['12:00:00', false],
  ])('over midnight: at %s %s', (time, quiet) => {
    expect(isQuiet(at(time), hours('22:00', '07:00'))).toBe(quiet)
  })

  it.each([
    ['12:59:59', false],
    ['13:00:00', true],
    ['13:59:59', true],
    ['14:00:00', false],
  ])('within a day: at %s %s', (time, quiet) => {
    expect(isQuiet(at(time), hours('13:00', '14:00'))).toBe(quiet)
  })

  it('are those of the time zone they were set in', () => {
    expect(isQuiet(at('16:00:00'), hours('22:00', '07:00', 'Asia/Ho_Chi_Minh'))).toBe(true)
    expect(isQuiet(at('02:00:00'), hours('22:00', '07:00', 'Asia/Ho_Chi_Minh'))).toBe(false)
  })

  it('follow the clocks when they are put forward', () => {
    const berlin = hours('22:00', '07:00', 'Europe/Berlin')
    expect(isQuiet(Date.parse('2026-03-28T05:30:00Z'), berlin)).toBe(true)
    expect(isQuiet(Date.parse('2026-03-29T05:30:00Z'), berlin)).toBe(false)
  })

  it('from a time to the same time are the whole day', () => {
    expect(isQuiet(at('12:00:00'), hours('08:00', '08:00'))).toBe(true)
  })
})

it('do not disturb ends at its time', () => {
  const settings = { do_not_disturb_until: at('12:00:00'), quiet_hours: null }
  expect(isQuiet(at('12:00:00') - 1, settings)).toBe(true)
  expect(isQuiet(at('12:00:00'), settings)).toBe(false)
})
