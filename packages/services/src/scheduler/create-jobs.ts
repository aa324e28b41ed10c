/** Every job there is, as the settings have them. */
import type { Services } from '@parley/contracts'
import { createArchiveJob } from './archive-job.ts'
import type { Job } from './job.ts'
import type { Schedule } from './schedule.ts'

export interface JobSettings {
  /** Null: nothing is archived. */
  readonly archiveAfterDays: number | null
  readonly archiveSchedule: Schedule
}

/** Whom jobs call. */
export interface JobServices {
  readonly rooms: Pick<Services['rooms'], 'archiveEntries'>
}

export function createJobs(
  { archiveAfterDays, archiveSchedule }: JobSettings,
  { rooms }: JobServices,
): Job[] {
  if (archiveAfterDays === null) return []
  return [createArchiveJob({ schedule: archiveSchedule, afterDays: archiveAfterDays }, rooms)]
}
