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
  retentionDays: setting({
    env: 'PARLEY_RETENTION',
    flag: '--retention',
    placeholder: 'days|off',
    fallback: 'off',
    parse: kinds.daysOrOff,
    description:
      'Messages older than so many days are deleted for good, in all rooms; a room may choose less, never more. `off`: only in rooms that chose so.',
  }),
  retentionSchedule: setting({
    env: 'PARLEY_RETENTION_SCHEDULE',
    flag: '--retention-schedule',
    placeholder: 'cron',
    fallback: '47 2 * * *',
    parse: kinds.schedule,
    description: 'When that is done, as in `PARLEY_ARCHIVE_SCHEDULE`.',
  }),
} as const
