import { describePresence } from './presence.ts'
import { describeRevocation } from './revocation.ts'
import { describeStandBy } from './stand-by.ts'
import { describeTalk } from './talk.ts'
import { twoGateways } from './two-gateways.ts'

describeTalk(twoGateways)
describePresence(twoGateways)
describeRevocation(twoGateways)
describeStandBy(twoGateways)
