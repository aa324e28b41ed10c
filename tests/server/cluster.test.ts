import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { silentLog } from '@parley/contracts'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type ClusterPart, startTestCluster, type TestCluster } from '../support/test-cluster.ts'
import { testEnvironment } from '../support/test-server.ts'
import { isRunning } from './run-parley.ts'

const PARLEY = join(import.meta.dirname, '../../apps/server/bin/parley.mjs')
const run = promisify(execFile)
const ENDS_WITHIN_MS = 20_000

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(() => cluster.stop())

const COUNTS: Readonly<Record<ClusterPart, number>> = {
  nginx: 1,
  postgres: 1,
  redis: 1,
  rabbitmq: 1,
  auth: 2,
  sessions: 1,
  rooms: 2,
  notifications: 1,
  scheduler: 1,
  calls: 1,
  ws: 2,
  http: 2,
}
const parts = Object.keys(COUNTS) as ClusterPart[]

const operatorEnvironment = async () => testEnvironment(await cluster.operatorSettings())

test('every role and engine is a process that an operator finds by its title, and in the table', async () => {
  for (const part of parts) expect(await cluster.pids(part), part).toHaveLength(COUNTS[part])
  for (const pid of await cluster.everyPid()) expect(cluster.output()).toContain(`${pid}`)
})

test('what is secret lies in files that only their owner may read', async () => {
  for (const name of ['operator.env', 'service-key'])
    expect((await stat(join(cluster.dataDirectory, name))).mode & 0o077, name).toBe(0)
})

test('the internal door is not reachable through the front door', async () => {
  const environment = await operatorEnvironment()
  for (const path of ['/metrics', '/calls'])
    expect((await fetch(`${cluster.url}${path}`)).status, path).toBe(404)
  const socket = new WebSocket(`${cluster.url.replace('http', 'ws')}/calls`, {
    headers: { authorization: `Bearer ${environment.PARLEY_SERVICE_KEY}`, 'x-parley-calls': '1' },
  })
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
    socket.on('open', () => resolve('open'))
    socket.on('error', () => {})
  })
  expect(status).toBe(404)
})

test('the operator’s commands work beside it', async () => {
  const env = await operatorEnvironment()
  const queue = await run(process.execPath, [PARLEY, 'queue', 'list'], { env })
  expect(queue.stdout).toContain('rooms.index')
  const resync = await run(process.execPath, [PARLEY, 'resync', '--check'], { env })
  expect(resync.stdout).toContain('Both are equal')
  const doctor = await run(process.execPath, [PARLEY, 'doctor'], { env })
  for (const found of [
    /ok +Redis +Redis \d/,
    /ok +RabbitMQ +answers/,
    /ok +PostgreSQL +PostgreSQL \d/,
    /ok +file store /,
  ])
    expect(doctor.stdout).toMatch(found)
})

test('a job runs by hand beside it, and every job by the next scheduler after the first was killed', async () => {
  const env = await operatorEnvironment()
  const byHand = await run(process.execPath, [PARLEY, 'jobs', 'run', 'archive'], { env })
  expect(byHand.stdout).toMatch(/^archive: done after/)
  await cluster.killAndAwait('scheduler')
  const connection = env.PARLEY_DATABASE_URL ?? ''
  const database = createDatabase({ connection, maxConnections: 1, log: silentLog })
  onTestFinished(() => database.close())
  const { rows: jobs } = await database.query<{ job: string }>(
    'update scheduler.job set next_at = now() returning name as job',
  )
  expect(jobs).toContainEqual({ job: 'archive' })
  // Distinct: a job whose hour it is while this runs has run twice.
  const history = async () =>
    (
      await database.query<{ job: string; outcome: string }>(
        `select distinct job, outcome from scheduler.run where started_by = 'schedule'`,
      )
    ).rows
  const expected = jobs.map(({ job }) => ({ job, outcome: 'done' }))
  await expect.poll(async () => new Set(await history()), { timeout: 20_000 }).toEqual(new Set(expected))
})

test('a database of one’s own is refused: it brings its own', async () => {
  const env = testEnvironment({ PARLEY_DATABASE_URL: 'postgresql://127.0.0.1/x' })
  const failed = await run(process.execPath, [PARLEY, 'cluster'], { env }).catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('leave out PARLEY_DATABASE_URL') })
})

// That everything stops when it is asked to: tests/scenarios/distributed.test.ts.
test('everything stops when it is killed', async () => {
  const pids = await cluster.everyPid()
  expect(pids.length).toBeGreaterThan(parts.length)
  await cluster.kill()
  await vi.waitUntil(() => !pids.some(isRunning), { timeout: ENDS_WITHIN_MS })
})
