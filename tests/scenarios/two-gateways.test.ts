import { afterAll, beforeAll } from 'vitest'
import { describeFiles } from './files.ts'
import { describeNotifications } from './notifications.ts'
import { describeOldMessages } from './old-messages.ts'
import { describePresence } from './presence.ts'
import { describePush } from './push.ts'
import { describeRevocation } from './revocation.ts'
import { describeStandBy } from './stand-by.ts'
import { describeTalk } from './talk.ts'
import { shareDeployment } from './topology.ts'
import { twoGateways } from './two-gateways.ts'

const shared = shareDeployment(twoGateways)
beforeAll(shared.open)
afterAll(shared.close)

describeTalk(shared.topology)
describeFiles(shared.topology)
describeOldMessages(shared.topology)
// It takes a right from everybody for a moment, so nothing may run beside it.
describeRevocation(shared.topology)
// Those that mostly wait run side by side.
describePresence(shared.topology)
describeStandBy(shared.topology)
describeNotifications(shared.topology)
describePush(shared.topology)
