import { expect, test } from 'vitest'
import { keepRunning } from './keep-running.ts'

function createEngine(pid: number) {
  const { promise: ended, resolve: end } = Promise.withResolvers<string>()
  return { pid, ended, end, stop: async () => end('stopped') }
}

test('an engine that does not start is tried less and less often, and each of its errors is said once', async () => {
  const engines = [createEngine(1), createEngine(2)]
  const problems = ['no room', 'no room', 'no room', 'no right', 'no right']
  const first = engines[0]
  let starts = 0
  const start = async () => {
    const problem = starts++ === 0 ? undefined : problems.shift()
    if (problem !== undefined) throw new Error(problem)
    const engine = engines.shift()
    if (engine === undefined) throw new Error('started once too often')
    return engine
  }
  const said: string[] = []
  const pauses: number[] = []
  const back = Promise.withResolvers<void>()
  const kept = await keepRunning(
    start,
    (what) => {
      said.push(what)
      if (what.startsWith('runs again')) back.resolve()
    },
    async (ms) => void pauses.push(ms),
  )
  first?.end('it ended (1)')
  await back.promise
  expect(said).toEqual([
    'it ended (1); it is started again',
    'no room; it is tried again',
    'no right; it is tried again',
    'runs again as process 2',
  ])
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000])
  expect([kept.current.pid, kept.restarts]).toEqual([2, 1])
  await kept.stop()
})

test('who stops it does not wait for the next attempt', async () => {
  const engine = createEngine(1)
  let starts = 0
  const paused = Promise.withResolvers<AbortSignal>()
  const kept = await keepRunning(
    async () => {
      starts++
      return engine
    },
    () => undefined,
    (_ms, signal) => {
      paused.resolve(signal)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  )
  engine.end('it ended (1)')
  const signal = await paused.promise
  await kept.stop()
  expect([signal.aborted, starts]).toEqual([true, 1])
})
