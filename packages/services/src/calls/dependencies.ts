import type { Bus, Clock, Database, Log, NewId, RoomsService } from '@parley/contracts'

export interface CallsDependencies {
  readonly database: Database
  readonly bus: Bus
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  readonly rooms: Pick<RoomsService, 'callRoom' | 'appendCallLine' | 'memberMarks'>
}
