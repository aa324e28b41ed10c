/** Every scenario on one program with everything in it. One server serves them all; it is killed last. */
import { afterAll, beforeAll } from 'vitest'
import { describeFiles } from './files.ts'
import { describeLongAbsence } from './long-absence.ts'
import { describeMail } from './mail.ts'
import { describeNotifications } from './notifications.ts'
import { describeOldMessages } from './old-messages.ts'
import { describePresence } from './presence.ts'
import { describePush } from './push.ts'
import { describeRevocation } from './revocation.ts'
import { describeStandBy } from './stand-by.ts'
import { describeSurviveKill } from './survive-kill.ts'
import { describeTalk } from './talk.ts'
import { embedded, shareDeployment } from './topology.ts'

const shared = shareDeployment(embedded)
beforeAll(shared.open)
afterAll(shared.close)

describeTalk(shared.topology)
describeFiles(shared.topology)
describeOldMessages(shared.topology)
// It takes a right from everybody for a moment, so nothing may run beside it.
describeRevocation(shared.topology)
describeLongAbsence(shared.topology)
describeMail(shared.topology)
// Those that mostly wait run side by side.
describePresence(shared.topology)
describeStandBy(shared.topology)
describeNotifications(shared.topology)
describePush(shared.topology)
describeSurviveKill(shared.topology)
