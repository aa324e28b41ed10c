/** Whether somebody does not want to be disturbed at a moment. */
import type { NotificationSettings, QuietHours } from './shapes.ts'

export function isQuiet(now: number, settings: Omit<NotificationSettings, 'push_content'>): boolean {
  const { do_not_disturb_until: until, quiet_hours: hours } = settings
  return (until !== null && now < until) || (hours !== null && isWithin(now, hours))
}

/** `from` belongs to the quiet, `to` no more; equal times are the whole day. */
function isWithin(now: number, { from, to, time_zone }: QuietHours): boolean {
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: time_zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(now)
  return from < to ? from <= time && time < to : from <= time || time < to
}
