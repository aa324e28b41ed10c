/** What networks do to people who talk. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../scenarios/topology.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { runFault } from './audited.ts'
import { type Crowd, gatherCrowd } from './crowd.ts'
import { createRandom, seeds } from './seeds.ts'

describe.each(seeds)('the network, seed %i', (seed) => {
  let server: TestServer
  let proxy: TcpProxy
  let crowd: Crowd
  beforeAll(async () => {
    server = await startTestServer()
    proxy = await startTcpProxy(server)
    crowd = await gatherCrowd({ server, url: proxy.url, size: 4, random: createRandom(seed) })
  })
  afterAll(async () => {
    await crowd?.stop()
    await proxy?.close()
    await server?.stop()
  })

  it('a connection cut between commit and acknowledgement: the outbox repeats, nothing is doubled', async () => {
    const witness = await gatherCrowd({ server, url: server.url, size: 1, random: createRandom(seed) })
    const repeatsBefore = crowd.members[0]?.ledger.repeats ?? 0
    await runFault({
      fault: 'ack_lost',
      seed,
      crowd,
      async inject(talk) {
        const [observer] = witness.members
        const [owner] = crowd.members
        if (observer === undefined || owner === undefined) throw new Error('nobody')
        await owner.parley.addMember(talk.room, observer.username)
        const seen = observer.parley.timeline(talk.room)
        await until(observer.parley.room(talk.room), (room) => room !== undefined)
        await until(seen, (state) => state.status === 'ready')
        for (let cut = 0; cut < 5; cut++) {
          proxy.swallow('down')
          const body = talk.say(0, ' unanswered')
          await until(seen, (state) =>
            state.items.some((item) => item.type === 'message' && item.body === body),
          )
          proxy.cut()
          await talk.shownToAll([body])
        }
      },
    })
    await witness.stop()
    expect(crowd.members[0]?.ledger.repeats ?? 0).toBeGreaterThanOrEqual(repeatsBefore + 5)
  })

  it('a connection that flaps', async () => {
    await runFault({
      fault: 'flapping',
      seed,
      crowd,
      async inject(talk, random) {
        for (let cut = 0; cut < 15; cut++) {
          await new Promise((resolve) => setTimeout(resolve, random.between(100, 500)))
          if (random() < 0.5) proxy.cut(random() < 0.5 ? 'reset' : 'end')
          else proxy.cutAfter(random() < 0.5 ? 'up' : 'down', random.between(1, 600))
        }
        expect(talk.members.length).toBe(4)
      },
    })
  })
})
