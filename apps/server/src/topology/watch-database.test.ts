import { expect, test } from 'vitest'
import { createManualClock } from '../../../../tests/support/manual-clock.ts'
import { WATCH_INTERVAL_MS, WATCH_PATIENCE_MS, watchDatabase } from './watch-database.ts'

function setUp() {
  const clock = createManualClock()
  const questions: { answer(): void; fail(): void }[] = []
  const query = <Row>() =>
    new Promise<{ rows: Row[]; rowCount: number }>((resolve, reject) => {
      questions.push({
        answer: () => resolve({ rows: [], rowCount: 0 }),
        fail: () => reject(new Error('away')),
      })
    })
  const watch = watchDatabase({ query }, clock)
  return {
    watch,
    questions,
    clock,
    /** Moves time, and lets what follows from answers happen. */
    async pass(ms: number) {
      clock.advance(ms)
      await Promise.resolve().then(() => undefined)
    },
  }
}

test('a database that fails counts as away until it answers again', async () => {
  const { watch, questions, pass } = setUp()
  await pass(WATCH_INTERVAL_MS)
  questions[0]?.fail()
  await pass(0)
  expect(watch.answers).toBe(false)
  await pass(WATCH_INTERVAL_MS)
  questions[1]?.answer()
  await pass(0)
  expect(watch.answers).toBe(true)
})

test('a database that hangs counts as away once patience ends, not before', async () => {
  const { watch, pass } = setUp()
  await pass(WATCH_INTERVAL_MS)
  await pass(WATCH_PATIENCE_MS - 1)
  expect(watch.answers).toBe(true)
  await pass(1)
  expect(watch.answers).toBe(false)
})

test('a closed watch asks no more', async () => {
  const { watch, questions, clock, pass } = setUp()
  await pass(WATCH_INTERVAL_MS)
  watch.close()
  questions[0]?.answer()
  await pass(0)
  expect(clock.pending).toBe(0)
})
