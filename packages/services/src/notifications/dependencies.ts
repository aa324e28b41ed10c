import type {
  AuthService,
  Bus,
  Clock,
  Database,
  Log,
  Mailer,
  NewId,
  PushTransport,
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
  readonly rooms: Pick<RoomsService, 'listTellable' | 'memberMarks' | 'listPreviews' | 'getRoom' | 'floors'>
  readonly sessions: Pick<SessionsService, 'getPresence'>
  readonly auth: Pick<AuthService, 'listDevices' | 'getUsers'>
  readonly push: PushDependencies
  /** Undefined where this server sends no mail. */
  readonly mail?: MailDependencies | undefined
  readonly tracer?: Tracer
}

export interface PushDependencies {
  readonly transport: PushTransport
  /** Where a push service finds the operator: `https:` or `mailto:`. */
  readonly contact: string
}

export interface MailDependencies {
  readonly mailer: Mailer
  /** Of the web client, without a slash at its end; for links. */
  readonly publicUrl: string
  readonly auth: Pick<AuthService, 'composeMail' | 'settleMail' | 'mailRecipient'>
}
