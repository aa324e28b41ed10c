/** Removes what notifications still have of rooms and people that there are no more, and of messages that were deleted. */
import type { Services } from '@parley/contracts'
import type { Job, JobResult } from './job.ts'
import { parseSchedule } from './schedule.ts'

const SCHEDULE = '37 4 * * *'
const JITTER_MAX_MS = 60_000
const RUN_MAX_MS = 3_600_000

type Notifications = Pick<Services['notifications'], 'sweepNotifications'>

export function createSweepJob(notifications: Notifications): Job {
  return {
    name: 'sweep',
    description: 'removes notifications of rooms, people and messages that there are no more',
    schedule: parseSchedule(SCHEDULE),
    jitterMaxMs: JITTER_MAX_MS,
    runMaxMs: RUN_MAX_MS,
    run: ({ signal }) => sweepAll(notifications, signal),
  }
}

/** All steps, until the signal. */
export async function sweepAll(notifications: Notifications, signal: AbortSignal): Promise<JobResult> {
  const result = { items: 0, rooms: 0, people: 0 }
  let after: string | undefined
  do {
    const step = await notifications.sweepNotifications({ after })
    result.items += step.items
    result.rooms += step.rooms
    result.people += step.people
    after = step.next
  } while (after !== undefined && !signal.aborted)
  return result
}
