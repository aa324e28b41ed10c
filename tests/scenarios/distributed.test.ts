/** Every scenario on a whole deployment: real engines, two gateways, nginx in front. One cluster serves them all. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { isRunning } from '../server/run-parley.ts'
import { ageData } from '../support/age-data.ts'
import { keptFiles } from '../support/kept-files.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { type PushEndpoint, startPushEndpoint } from '../support/push-endpoint.ts'
import { type RoomJobs, roomJobs } from '../support/room-jobs.ts'
import { startTestCluster, type TestCluster } from '../support/test-cluster.ts'
import { describeFiles } from './files.ts'
import { describeLongAbsence } from './long-absence.ts'
import { describeMail } from './mail.ts'
import { describeNotifications } from './notifications.ts'
import { describeOldMessages } from './old-messages.ts'
import { describePresence } from './presence.ts'
import { describePush } from './push.ts'
import { describeQueueOutage } from './queue-outage.ts'
import { describeRevocation } from './revocation.ts'
import { describeStandBy } from './stand-by.ts'
import { describeSurviveKill } from './survive-kill.ts'
import { describeTalk } from './talk.ts'
import {
  type Administrable,
  type Ageable,
  type FileKeeping,
  type Killable,
  type MailReceiving,
  mailSettings,
  type PushReceiving,
  type QueueKillable,
  type Topology,
} from './topology.ts'

let cluster: TestCluster
let pushes: PushEndpoint
let mails: MailServer

beforeAll(async () => {
  pushes = await startPushEndpoint()
  mails = await startMailServer()
  cluster = await startTestCluster({
    PARLEY_PUSH_PRIVATE_ORIGINS: pushes.origin,
    ...mailSettings(mails),
  })
})
afterAll(async () => {
  const pids = await cluster.everyPid()
  expect(await cluster.stop()).toEqual({ code: 0, signal: null })
  expect(pids.filter(isRunning)).toEqual([])
  await pushes.close()
  await mails.stop()
})

const distributed: Topology<
  Killable & QueueKillable & Administrable & Ageable & FileKeeping & PushReceiving & MailReceiving & RoomJobs
> = {
  name: 'distributed',
  async start() {
    return {
      urls: [cluster.url],
      pushes,
      mails,
      async killAndRestart() {
        await Promise.all([cluster.killAndAwait('postgres'), cluster.killAndAwait('ws')])
      },
      killQueue: () => cluster.killAndAwait('rabbitmq'),
      setupCode: () =>
        vi.waitUntil(() => /Setup code.*: (\S+)/.exec(cluster.output())?.[1], { timeout: 10_000 }),
      async age(ms) {
        const { PARLEY_DATABASE_URL } = await cluster.operatorSettings()
        await ageData({ connectionString: PARLEY_DATABASE_URL }, ms)
      },
      ...roomJobs(async () => ({
        connectionString: (await cluster.operatorSettings()).PARLEY_DATABASE_URL,
      })),
      async keptFiles(owner) {
        const { PARLEY_DATABASE_URL } = await cluster.operatorSettings()
        return keptFiles(
          join(cluster.dataDirectory, 'files'),
          { connectionString: PARLEY_DATABASE_URL },
          owner,
        )
      },
      stop: async () => {},
    }
  },
}

describeTalk(distributed)
describeFiles(distributed)
describeOldMessages(distributed)
// It takes a right from everybody for a moment, so nothing may run beside it.
describeRevocation(distributed)
describeLongAbsence(distributed)
describeMail(distributed)
// Those that mostly wait run side by side.
describePresence(distributed)
describeStandBy(distributed)
describeNotifications(distributed)
describePush(distributed)
describeQueueOutage(distributed)
describeSurviveKill(distributed)
