import { describeFiles } from './files.ts'
import { describeNotifications } from './notifications.ts'
import { describePresence } from './presence.ts'
import { describeRevocation } from './revocation.ts'
import { describeStandBy } from './stand-by.ts'
import { describeSurviveKill } from './survive-kill.ts'
import { describeTalk } from './talk.ts'
import { embedded } from './topology.ts'

describeTalk(embedded)
describeFiles(embedded)
describePresence(embedded)
describeRevocation(embedded)
describeStandBy(embedded)
describeNotifications(embedded)
describeSurviveKill(embedded)
