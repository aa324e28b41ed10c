/** Moves what is older than so many days to the archive, step by step. */
import type { RoomsService } from '@parley/contracts'
import type { Job } from './job.ts'
import type { Schedule } from './schedule.ts'

const DAY_MS = 86_400_000
const JITTER_MAX_MS = 60_000
/** A first run over years of messages goes on the next time. */
const RUN_MAX_MS = 2 * 3_600_000

export interface ArchiveSettings {
  readonly schedule: Schedule
  readonly afterDays: number
}

export function createArchiveJob(
  { schedule, afterDays }: ArchiveSettings,
  rooms: Pick<RoomsService, 'archiveEntries'>,
): Job {
  return {
    name: 'archive',
    description: `moves what is older than ${afterDays} days, or than a room has chosen, to the archive`,
    schedule,
    jitterMaxMs: JITTER_MAX_MS,
    runMaxMs: RUN_MAX_MS,
    async run({ now, signal }) {
      const before = now - afterDays * DAY_MS
      const result = { entries: 0, rooms: 0 }
      let after: string | undefined
      do {
        const step = await rooms.archiveEntries({ before, after })
        result.entries += step.moved
        result.rooms += step.rooms
        after = step.next
      } while (after !== undefined && !signal.aborted)
      return result
    },
  }
}
