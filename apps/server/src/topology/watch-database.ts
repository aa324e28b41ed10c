/** Whether the database answers, asked once a second, for `/readyz`. */
import type { Clock, Database } from '@parley/contracts'

const INTERVAL_MS = 1_000

export interface DatabaseWatch {
  readonly answers: boolean
  close(): void
}

export function watchDatabase(database: Database, clock: Clock): DatabaseWatch {
  let answers = true
  let cancel: () => void = () => {}
  let closed = false

  const ask = (): void => {
    cancel = clock.after(INTERVAL_MS, () => {
      void database
        .query('select 1')
        .then(
          () => true,
          () => false,
        )
        .then((outcome) => {
          answers = outcome
          if (!closed) ask()
        })
    })
  }
  ask()
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
