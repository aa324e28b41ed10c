import { describeSurviveKill } from './survive-kill.ts'
import { describeTalk } from './talk.ts'
import { embedded } from './topology.ts'

describeTalk(embedded)
describeSurviveKill(embedded)
