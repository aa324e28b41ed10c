/** Every job there is, as the settings have them. */
import type { Services } from '@parley/contracts'
import { createArchiveJob } from './archive-job.ts'
import type { Job } from './job.ts'
import { createRetentionJob } from './retention-job.ts'
import type { Schedule } from './schedule.ts'
import { createSweepJob } from './sweep-job.ts'

export interface JobSettings {
  /** Null: nothing is archived. */
  readonly archiveAfterDays: number | null
  readonly archiveSchedule: Schedule
  /** Null: nothing is deleted but what rooms have chosen not to keep. */
  readonly retentionDays: number | null
  readonly retentionSchedule: Schedule
}

/** Whom jobs call. */
export interface JobServices {
  readonly rooms: Pick<Services['rooms'], 'archiveEntries' | 'expireMessages'>
  readonly notifications: Pick<Services['notifications'], 'sweepNotifications'>
}

export function createJobs(settings: JobSettings, { rooms, notifications }: JobServices): Job[] {
  const { archiveAfterDays, archiveSchedule, retentionDays, retentionSchedule } = settings
  return [
    ...(archiveAfterDays === null
      ? []
      : [createArchiveJob({ schedule: archiveSchedule, afterDays: archiveAfterDays }, rooms)]),
    createRetentionJob({ schedule: retentionSchedule, days: retentionDays }, rooms, notifications),
    createSweepJob(notifications),
  ]
}
