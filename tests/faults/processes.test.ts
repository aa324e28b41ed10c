/** What happens to the processes of one machine while people talk. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../scenarios/topology.ts'
import { isRunning } from '../server/run-parley.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { PATIENCE, runFault } from './audited.ts'
import { type Crowd, gatherCrowd } from './crowd.ts'
import { familyOf, freeze } from './processes.ts'
import { createRandom, seeds } from './seeds.ts'

const MEMBERS = 4

describe.each(seeds)('processes, seed %i', (seed) => {
  let server: TestServer
  let crowd: Crowd
  beforeAll(async () => {
    server = await startTestServer()
    crowd = await gatherCrowd({ server, urls: [server.url], size: MEMBERS, random: createRandom(seed) })
  })
  afterAll(async () => {
    await crowd?.stop()
    await server?.stop()
  })

  it('PostgreSQL killed: it is started again, and sending goes on by itself', async () => {
    await runFault({
      fault: 'postgres_killed',
      seed,
      crowd,
      async inject(_talk, random) {
        const killed = await server.postgresPid()
        await delay(random.between(0, 200))
        process.kill(killed, 'SIGKILL')
        await expect.poll(() => server.postgresPid().catch(() => killed), PATIENCE).not.toBe(killed)
      },
    })
  })

  it('PostgreSQL frozen for three seconds: what is sent waits and is stored once', async () => {
    await runFault({
      fault: 'postgres_frozen',
      seed,
      crowd,
      async inject() {
        const thaw = freeze(await familyOf(await server.postgresPid()))
        await delay(3_000).finally(thaw)
      },
    })
  })

  it('the program frozen for some seconds', async () => {
    await runFault({
      fault: 'program_frozen',
      seed,
      crowd,
      async inject(_talk, random) {
        const thaw = freeze([server.pid])
        await delay(random.between(2_000, 4_000)).finally(thaw)
      },
    })
  })

  it('the program killed alone: its PostgreSQL ends with it, and the next start goes on', async () => {
    await runFault({
      fault: 'program_killed',
      seed,
      crowd,
      async inject(_talk, random) {
        await delay(random.between(0, 200))
        await server.killProgram()
        await server.restart()
      },
    })
  })

  it('drained and started again: nobody sees an error', async () => {
    const errorsBefore = crowd.members.map(({ ledger }) => ledger.errors.length)
    await runFault({
      fault: 'drained',
      seed,
      crowd,
      async inject(talk) {
        const [owner] = crowd.members
        if (owner === undefined) throw new Error('nobody')
        const target = owner.parley.room(talk.room).get()?.head_seq ?? 0
        const restarted = server.restart()
        // Asked for while nobody is there to answer.
        await until(owner.parley.connection, (connection) => connection.status !== 'online')
        const reacted = owner.parley.react(talk.room, target, '👍')
        await restarted
        await reacted
      },
    })
    expect(crowd.members.map(({ ledger }) => ledger.errors.length)).toEqual(errorsBefore)
  })

  it('PostgreSQL that dies again and again ends the program soon, for a supervisor to see, and the next start goes on', async () => {
    await runFault({
      fault: 'postgres_hopeless',
      seed,
      crowd,
      async inject() {
        const { pid } = server
        while (isRunning(pid)) {
          const postgres = await server.postgresPid().catch(() => undefined)
          if (postgres !== undefined && isRunning(postgres)) process.kill(postgres, 'SIGKILL')
          await delay(50)
        }
        // Whichever kill was one too many: after it ran, or while it was being started.
        expect(server.output()).toMatch(/"cannot go on"[\s\S]*"stopped"/)
        await server.restart()
      },
    })
  })
})
