/** What a job is. It calls services by their contracts only, so it runs wherever they can be reached. */
import type { Log } from '@parley/contracts'
import type { Schedule } from './schedule.ts'

/** Told in the history: a few numbers. */
export type JobResult = Readonly<Record<string, number>>

export interface JobContext {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Aborted when the run must end: the job stops after the step under way, of a few seconds at most. */
  readonly signal: AbortSignal
  readonly log: Log
}

export interface Job {
  /** Lower-case letters, digits and dashes. */
  readonly name: string
  readonly description: string
  readonly schedule: Schedule
  /** So that not all deployments come to their engines at the same second. */
  readonly jitterMaxMs: number
  readonly runMaxMs: number
  /** Bounded steps, each of which may be repeated: a run can end after any of them. */
  run(context: JobContext): Promise<JobResult>
}
