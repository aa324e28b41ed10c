/** Every scenario on a whole deployment: real engines, two gateways, nginx in front. One cluster serves them all. */
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { startTestCluster, type TestCluster } from '../support/test-cluster.ts'
import { describePresence } from './presence.ts'
import { describeRevocation } from './revocation.ts'
import { describeStandBy } from './stand-by.ts'
import { describeSurviveKill } from './survive-kill.ts'
import { describeTalk } from './talk.ts'
import type { Administrable, Killable, Topology } from './topology.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(async () => {
  expect(await cluster.stop()).toEqual({ code: 0, signal: null })
})

const distributed: Topology<Killable & Administrable> = {
  name: 'distributed',
  async start() {
    return {
      urls: [cluster.url],
      async killAndRestart() {
        await Promise.all([cluster.killAndAwait('postgres'), cluster.killAndAwait('ws')])
      },
      setupCode: () =>
        vi.waitUntil(() => /Setup code.*: (\S+)/.exec(cluster.output())?.[1], { timeout: 10_000 }),
      stop: async () => {},
    }
  },
}

describeTalk(distributed)
describePresence(distributed)
describeRevocation(distributed)
describeStandBy(distributed)
describeSurviveKill(distributed)
