import type {
  Bus,
  Clock,
  Database,
  Log,
  NewId,
  RoomsService,
  SessionsService,
  Tracer,
  WorkQueue,
} from '@parley/contracts'

export interface NotificationsDependencies {
  readonly database: Database
  readonly bus: Bus
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  readonly rooms: Pick<RoomsService, 'listTellable' | 'memberMarks' | 'listPreviews' | 'getRoom'>
  readonly sessions: Pick<SessionsService, 'getPresence'>
  readonly tracer?: Tracer
}
