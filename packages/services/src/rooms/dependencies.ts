import type { AuthService, Bus, Clock, Database, Log, NewId } from '@parley/contracts'

export interface RoomsDependencies {
  readonly database: Database
  readonly bus: Bus
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  /** Whom this service's copy of users does not know yet is asked for here. */
  readonly auth: Pick<AuthService, 'userRecords'>
}
