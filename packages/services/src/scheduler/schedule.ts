/** When a job is due. */
import { Cron } from 'croner'

export interface Schedule {
  /** As people wrote it. */
  readonly text: string
  /** The first moment after `afterMs`, milliseconds since the epoch; undefined when there will be none. */
  next(afterMs: number): number | undefined
}

/** Five fields of cron, or `@hourly` and its like, in UTC: no hour is skipped or comes twice. Throws what is wrong with it. */
export function parseSchedule(text: string): Schedule {
  const cron = new Cron(text, { paused: true, timezone: 'UTC', mode: '5-part' })
  return { text, next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() }
}
