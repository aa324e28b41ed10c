import { describeFiles } from './files.ts'
import { describeNotifications } from './notifications.ts'
import { describePresence } from './presence.ts'
import { describeRevocation } from './revocation.ts'
import { describeStandBy } from './stand-by.ts'
import { describeTalk } from './talk.ts'
import { twoGateways } from './two-gateways.ts'

describeTalk(twoGateways)
describeFiles(twoGateways)
describePresence(twoGateways)
describeRevocation(twoGateways)
describeStandBy(twoGateways)
describeNotifications(twoGateways)
