/** Whether the database answers, asked once a second, for `/readyz`. */
import type { Clock, Database } from '@parley/contracts'

export const WATCH_INTERVAL_MS = 1_000
/** Without an answer for this long it counts as away, although nobody has said so. */
export const WATCH_PATIENCE_MS = 2_000

export interface DatabaseWatch {
  readonly answers: boolean
  close(): void
}

export function watchDatabase(database: Pick<Database, 'query'>, clock: Clock): DatabaseWatch {
  let answers = true
  let cancel: () => void = () => {}
  let closed = false

  function ask(): void {
    const stopWaiting = clock.after(WATCH_PATIENCE_MS, () => {
      answers = false
    })
    database.query('select 1').then(
      () => conclude(true, stopWaiting),
      () => conclude(false, stopWaiting),
    )
  }

  function conclude(outcome: boolean, stopWaiting: () => void): void {
    stopWaiting()
    answers = outcome
    if (!closed) cancel = clock.after(WATCH_INTERVAL_MS, ask)
  }

  cancel = clock.after(WATCH_INTERVAL_MS, ask)
  return {
    get answers() {
      return answers
    },
    close() {
      closed = true
      cancel()
    },
  }
}
