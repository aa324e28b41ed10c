/** Deletes what is older than its room keeps it, step by step, and then what inboxes have of it. */
import type { Services } from '@parley/contracts'
import type { Job } from './job.ts'
import type { Schedule } from './schedule.ts'
import { sweepAll } from './sweep-job.ts'

const JITTER_MAX_MS = 60_000
/** A first run over years of messages goes on the next time. */
const RUN_MAX_MS = 2 * 3_600_000

export interface RetentionSettings {
  readonly schedule: Schedule
  /** Null: only in rooms that chose so. */
  readonly days: number | null
}

export function createRetentionJob(
  { schedule, days }: RetentionSettings,
  rooms: Pick<Services['rooms'], 'expireMessages'>,
  notifications: Pick<Services['notifications'], 'sweepNotifications'>,
): Job {
  return {
    name: 'retention',
    description:
      days === null
        ? 'deletes for good what rooms have chosen not to keep'
        : `deletes for good what is older than ${days} days, or than a room has chosen`,
    schedule,
    jitterMaxMs: JITTER_MAX_MS,
    runMaxMs: RUN_MAX_MS,
    async run({ signal }) {
      const result = { messages: 0, entries: 0, kept: 0, rooms: 0 }
      let after: string | undefined
      do {
        const step = await rooms.expireMessages({ days, after })
        result.messages += step.messages
        result.entries += step.entries
        result.kept += step.kept
        result.rooms += step.rooms
        after = step.next
      } while (after !== undefined && !signal.aborted)
      if (result.entries > 0) await sweepAll(notifications, signal)
      return result
    },
  }
}
