/** Settings of the jobs that the scheduler runs. */
import * as kinds from './kinds.ts'
import { setting } from './setting.ts'

export const jobSettings = {
  archiveAfterDays: setting({
    env: 'PARLEY_ARCHIVE_AFTER',
    flag: '--archive-after',
    placeholder: 'days|off',
    fallback: '365',
    parse: kinds.daysOrOff,
    description:
      'Messages older than so many days move to the archive, where they are read and found as before; `off`: none does.',
  }),
  archiveSchedule: setting({
    env: 'PARLEY_ARCHIVE_SCHEDULE',
    flag: '--archive-schedule',
    placeholder: 'cron',
    fallback: '17 3 * * *',
    parse: kinds.schedule,
    description:
      'When that is done: minute, hour, day, month and day of the week as in cron, in UTC, such as `*/30 * * * *`; or `@hourly`, `@daily`.',
  }),
} as const
