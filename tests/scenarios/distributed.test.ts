/** Every scenario on a whole deployment: real engines, two gateways, nginx in front. One cluster serves them all. */
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { startTestCluster, type TestCluster } from '../support/test-cluster.ts'
import { describeFiles } from './files.ts'
import { describeNotifications } from './notifications.ts'
import { describePresence } from './presence.ts'
import { describeQueueOutage } from './queue-outage.ts'
import { describeRevocation } from './revocation.ts'
import { describeStandBy } from './stand-by.ts'
import { describeSurviveKill } from './survive-kill.ts'
import { describeTalk } from './talk.ts'
import type { Administrable, Killable, QueueKillable, Topology } from './topology.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(async () => {
  expect(await cluster.stop()).toEqual({ code: 0, signal: null })
})

const distributed: Topology<Killable & QueueKillable & Administrable> = {
  name: 'distributed',
  async start() {
    return {
      urls: [cluster.url],
      async killAndRestart() {
        await Promise.all([cluster.killAndAwait('postgres'), cluster.killAndAwait('ws')])
      },
      killQueue: () => cluster.killAndAwait('rabbitmq'),
      setupCode: () =>
        vi.waitUntil(() => /Setup code.*: (\S+)/.exec(cluster.output())?.[1], { timeout: 10_000 }),
      stop: async () => {},
    }
  },
}

describeTalk(distributed)
describeFiles(distributed)
describePresence(distributed)
describeRevocation(distributed)
describeStandBy(distributed)
describeNotifications(distributed)
describeQueueOutage(distributed)
describeSurviveKill(distributed)
