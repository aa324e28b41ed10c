import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

export interface Dates {
  /** 14:05 */
  time(at: number): string
  /** Today, Yesterday, Monday 3 March, 3 March 2024 */
  day(at: number): string
  /** In a list: the time today, the weekday this week, else the date. */
  short(at: number): string
  /** 3 March 2024, 14:05 */
  full(at: number): string
  /** 5 minutes ago */
  ago(at: number): string
}

const dayMs = 86_400_000
const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * dayMs],
  ['month', 30 * dayMs],
  ['day', dayMs],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** Days between two moments by the calendar of this place. */
export function daysBetween(earlier: number, later: number): number {
  const start = new Date(earlier).setHours(0, 0, 0, 0)
  const end = new Date(later).setHours(0, 0, 0, 0)
  return Math.round((end - start) / dayMs)
}

export function createDates(language: string, words: { now: string }, now: () => number): Dates {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language, options)
  const time = format({ timeStyle: 'short' })
  const weekday = format({ weekday: 'short' })
  const dayMonth = format({ day: 'numeric', month: 'short' })
  const dayYear = format({ day: 'numeric', month: 'numeric', year: '2-digit' })
  const longDay = format({ weekday: 'long', day: 'numeric', month: 'long' })
  const longYear = format({ day: 'numeric', month: 'long', year: 'numeric' })
  const full = format({ dateStyle: 'long', timeStyle: 'short' })
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const capital = (text: string) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1)
  const sameYear = (at: number) => new Date(at).getFullYear() === new Date(now()).getFullYear()

  return {
    time: (at) => time.format(at),
    full: (at) => full.format(at),
    day(at) {
      const days = daysBetween(at, now())
      if (days === 0 || days === 1) return capital(relative.format(-days, 'day'))
      return capital((sameYear(at) ? longDay : longYear).format(at))
    },
    short(at) {
      const days = daysBetween(at, now())
      if (days <= 0) return time.format(at)
      if (days < 7) return weekday.format(at)
      return (sameYear(at) ? dayMonth : dayYear).format(at)
    },
    ago(at) {
      const passed = now() - at
      for (const [unit, ms] of units) if (passed >= ms) return relative.format(-Math.floor(passed / ms), unit)
      return words.now
    },
  }
}

export function useDates(): Dates {
  const { t, i18n } = useTranslation()
  const spoken = i18n.resolvedLanguage ?? 'en'
  // English of Britain writes times and dates otherwise than that of America.
  const language = navigator.languages.find((one) => one.split('-')[0] === spoken) ?? spoken
  return useMemo(() => createDates(language, { now: t('time.now') }, Date.now), [language, t])
}
