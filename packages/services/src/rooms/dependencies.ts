import type {
  AuthService,
  Bus,
  Cache,
  Clock,
  Database,
  FilesService,
  Log,
  NewId,
  Tracer,
  WorkQueue,
} from '@parley/contracts'
import type { ServerAges } from './room-storage.ts'

export interface RoomsDependencies {
  readonly database: Database
  readonly bus: Bus
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  /** Whom this service's copy of users does not know yet is asked for here. */
  readonly auth: Pick<AuthService, 'userRecords'>
  /** What files are, and where those of deleted messages are left. */
  readonly files: Pick<FilesService, 'describeFiles' | 'makeSquare' | 'dropFiles'>
  /** What the server's settings say of how long messages stay; left out, nothing is said. */
  readonly ages?: ServerAges
  /** Keeps the newest page of rooms that are read much; left out, every page comes from the database. */
  readonly cache?: Cache
  readonly tracer?: Tracer
}
