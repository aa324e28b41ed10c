/** What networks and clocks do to people who talk. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../scenarios/topology.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { PATIENCE, runFault } from './audited.ts'
import { BentClock } from './clocks.ts'
import { type Crowd, gatherCrowd, type Talk } from './crowd.ts'
import { createRandom, seeds } from './seeds.ts'

const HOUR_MS = 3_600_000
/** Heartbeats of 25 s take 3 s. */
const HASTE = 8
const JUMPS = [0, 1, -1]

describe.each(seeds)('the network, seed %i', (seed) => {
  const random = createRandom(seed)
  let server: TestServer
  let proxy: TcpProxy
  let crowd: Crowd
  beforeAll(async () => {
    server = await startTestServer()
    proxy = await startTcpProxy(server)
    crowd = await gatherCrowd({ server, urls: [proxy.url], size: 4, random })
  })
  afterAll(async () => {
    await crowd?.stop()
    await proxy?.close()
    await server?.stop()
  })

  it('a connection cut between commit and acknowledgement: the outbox repeats, nothing is doubled', async () => {
    const witnesses = await gatherCrowd({ server, urls: [server.url], size: 1, random })
    const [[witness], [author]] = [witnesses.members, crowd.members]
    if (witness === undefined || author === undefined) throw new Error('nobody')
    await runFault({
      fault: 'ack_lost',
      seed,
      crowd,
      silent: [0],
      async inject(talk) {
        await author.parley.addMember(talk.room, witness.username)
        const seen = witness.parley.timeline(talk.room)
        await until(witness.parley.room(talk.room), (room) => room !== undefined)
        await until(seen, (state) => state.status === 'ready')
        for (let cut = 1; cut <= 3; cut++) {
          const answered = () => author.ledger.acknowledged.get(talk.room)?.length ?? 0
          await expect.poll(answered, PATIENCE).toBe(cut - 1)
          const before = author.ledger.repeats
          proxy.swallow('down')
          const body = talk.say(0, ' unanswered')
          await until(seen, ({ items }) =>
            items.some((item) => item.type === 'message' && item.body === body),
          )
          proxy.cut()
          await talk.shownToAll([body])
          expect(author.ledger.repeats).toBeGreaterThan(before)
        }
      },
    }).finally(() => proxy.cut())
    await witnesses.stop()
  })

  it('a connection that flaps, cut between and within frames', async () => {
    await runFault({
      fault: 'flapping',
      seed,
      crowd,
      async inject(_talk, runRandom) {
        for (let cut = 0; cut < 12; cut++) {
          await delay(runRandom.between(100, 500))
          if (runRandom() < 0.5) proxy.cut(runRandom() < 0.5 ? 'reset' : 'end')
          else proxy.cutAfter(runRandom() < 0.5 ? 'up' : 'down', runRandom.between(1, 600))
        }
      },
    })
  })

  it('a network with delays that change from packet to packet', async () => {
    proxy.delay(() => random.between(0, 100))
    const inject = (talk: Talk) => talk.flow(30)
    await runFault({ fault: 'delays', seed, crowd, inject, everyMs: 400 }).finally(() => proxy.delay(() => 0))
  })

  it('half-open lines, either way, and clocks set forward and back: clients notice and connect anew', async () => {
    const proxies = await Promise.all([startTcpProxy(server), startTcpProxy(server)])
    const clocks = Array.from({ length: 6 }, () => new BentClock(HASTE))
    const hasty = await gatherCrowd({
      server,
      urls: proxies.map(({ url }) => url),
      size: clocks.length,
      random,
      client: (who) => ({ clock: clocks[who] ?? new BentClock() }),
    })
    await runFault({
      fault: 'half_open',
      seed,
      crowd: hasty,
      everyMs: 400,
      async inject(_talk, runRandom) {
        const frozenAt = performance.now()
        proxies[0]?.freeze('down')
        proxies[1]?.freeze('up')
        // Of those behind each proxy one keeps its time, one is set forward and one back.
        for (const [who, clock] of clocks.entries())
          clock.jump((JUMPS[who >> 1] ?? 0) * runRandom.between(1, 5) * HOUR_MS)
        await connectAnew(hasty)
        return frozenAt
      },
    })
    await hasty.stop()
    await Promise.all(proxies.map((one) => one.close()))
  })
})

/** Resolves when every member has noticed that its connection is dead, and has another one. */
async function connectAnew({ members }: Crowd): Promise<void> {
  const withinMs = 30_000
  await Promise.all(
    members.map(async ({ parley: { connection } }) => {
      await until(connection, ({ status }) => status !== 'online', withinMs)
      await until(connection, ({ status }) => status === 'online', withinMs)
    }),
  )
}
