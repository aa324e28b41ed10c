import type { Clock } from '@parley/contracts'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { observeBacklog } from './observe-backlog.ts'

/** Time that is over as soon as somebody waits for it. */
const hasty: Clock = {
  now: () => 0,
  after(_delayMs, callback) {
    setImmediate(callback)
    return () => {}
  },
}
const patient: Clock = { now: () => 0, after: () => () => {} }

const figures = async (metrics: Registry) =>
  (await metrics.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))

test('rows and the age of the oldest are of one moment', async () => {
  const metrics = new Registry()
  let reads = 0
  observeBacklog({ metrics, clock: patient }, 'rooms', async () => ({
    rows: ++reads,
    oldestMs: reads * 1_500,
  }))
  const first = ['parley_rooms_outbox_rows 1', 'parley_rooms_outbox_oldest_seconds 1.5']
  expect(await figures(metrics)).toEqual(first)
  expect(await figures(metrics)).toEqual([
    'parley_rooms_outbox_rows 2',
    'parley_rooms_outbox_oldest_seconds 3',
  ])
})

test('a database that fails or is silent leaves them unknown, and holds nothing up', async () => {
  const unknown = ['parley_auth_outbox_rows Nan', 'parley_auth_outbox_oldest_seconds Nan']
  const failing = new Registry()
  observeBacklog({ metrics: failing, clock: patient }, 'auth', async () => {
    throw new Error('away')
  })
  expect(await figures(failing)).toEqual(unknown)
  const silent = new Registry()
  observeBacklog({ metrics: silent, clock: hasty }, 'auth', () => new Promise(() => {}))
  expect(await figures(silent)).toEqual(unknown)
})
