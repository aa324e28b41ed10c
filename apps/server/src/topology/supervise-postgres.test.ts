import type { EmbeddedPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import { silentLog } from '@parley/contracts'
import { expect, test } from 'vitest'
import { RESTARTS_MAX, RESTARTS_WINDOW_MS, supervisePostgres } from './supervise-postgres.ts'

function setUp(failFrom = Number.POSITIVE_INFINITY) {
  let now = 0
  const disk = { full: false }
  const timers: (() => void)[] = []
  const servers: { die(): void; stopped: boolean }[] = []
  const givenUp: string[] = []
  const start = async (): Promise<EmbeddedPostgres> => {
    if (servers.length >= failFrom) throw new Error('will not start')
    const death = Promise.withResolvers<{ code: number | null; signal: string | null }>()
    const server = { stopped: false, die: () => death.resolve({ code: null, signal: 'SIGKILL' }) }
    servers.push(server)
    return {
      connection: { host: '/nowhere', port: 1, user: 'u', database: 'd' },
      pid: servers.length,
      died: death.promise,
      stop: async () => {
        server.stopped = true
      },
    }
  }
  const after = (_delayMs: number, callback: () => void) => {
    timers.push(callback)
    return () => {}
  }
  const supervise = () =>
    supervisePostgres({
      start,
      clock: { now: () => now, after },
      log: silentLog,
      hasRoom: async () => !disk.full,
      onGivenUp: (reason) => givenUp.push(reason.message),
    })
  return {
    disk,
    timers,
    servers,
    givenUp,
    supervise,
    pass(ms: number) {
      now += ms
    },
  }
}

test('a server that dies is started again, the allowed number of times within a minute and no more', async () => {
  const { servers, givenUp, supervise } = setUp()
  const postgres = await supervise()
  for (let death = 1; death <= RESTARTS_MAX; death++) {
    servers.at(-1)?.die()
    await expect.poll(() => postgres.pid()).toBe(death + 1)
  }
  expect(givenUp).toEqual([])
  servers.at(-1)?.die()
  await expect.poll(() => givenUp).toEqual([`PostgreSQL ended ${RESTARTS_MAX + 1} times within a minute`])
  expect(servers).toHaveLength(RESTARTS_MAX + 1)
})

test('deaths that are long ago do not count', async () => {
  const { servers, givenUp, supervise, pass } = setUp()
  const postgres = await supervise()
  for (let death = 1; death <= RESTARTS_MAX + 3; death++) {
    pass(RESTARTS_WINDOW_MS)
    servers.at(-1)?.die()
    await expect.poll(() => postgres.pid()).toBe(death + 1)
  }
  expect(givenUp).toEqual([])
})

test('a server that cannot be started again is given up with its reason', async () => {
  const { servers, givenUp, supervise } = setUp(1)
  await supervise()
  servers[0]?.die()
  await expect.poll(() => givenUp).toEqual(['will not start'])
})

test('after stop nothing is started, and every server of the past is closed', async () => {
  const { servers, supervise } = setUp()
  const postgres = await supervise()
  servers[0]?.die()
  await expect.poll(() => postgres.pid()).toBe(2)
  await postgres.stop()
  expect(servers.map(({ stopped }) => stopped)).toEqual([true, true])
  servers[1]?.die()
  await Promise.resolve()
  expect(servers).toHaveLength(2)
})

test('a first start that fails says so itself', async () => {
  await expect(setUp(0).supervise()).rejects.toThrow('will not start')
})

test('a server that ends for want of space is started again when there is some, however long that takes', async () => {
  const { disk, timers, servers, givenUp, supervise } = setUp()
  const postgres = await supervise()
  disk.full = true
  servers[0]?.die()
  for (let look = 1; look <= RESTARTS_MAX + 3; look++) {
    await expect.poll(() => timers.length).toBe(1)
    timers.pop()?.()
  }
  expect(servers).toHaveLength(1)
  await expect.poll(() => timers.length).toBe(1)
  disk.full = false
  timers.pop()?.()
  await expect.poll(() => postgres.pid()).toBe(2)
  expect(givenUp).toEqual([])
})
