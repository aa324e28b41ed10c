/** What a service has committed and not yet told others. */
export interface Backlog {
  /** Counted up to `BACKLOG_MAX_ROWS`. */
  readonly rows: number
  /** Age of the oldest row; 0 when there is none. */
  readonly oldestMs: number
}

/** Counting more would take longer than it tells. */
export const BACKLOG_MAX_ROWS = 10_000
