/** What a role is to the composition root, and what the topology gives it. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type {
  Bus,
  Cache,
  Clock,
  Database,
  FileDoor,
  FileStore,
  GatewayService,
  Log,
  Mailer,
  MediaServer,
  Migration,
  NewId,
  PushTransport,
  RateLimiter,
  Services,
  SessionsStore,
  Tracer,
  WorkQueue,
} from '@parley/contracts'
import type { StreamDoor } from '@parley/gateways/shared/stream-door'
import type { TokenVerifier } from '@parley/gateways/shared/token-verifier'
import type { JobSettings } from '@parley/services/scheduler/create-jobs'
import type { Registry } from 'prom-client'
import type { RoleName } from './role-names.ts'

/** Those with a schema of their own. */
export const schemaNames = ['auth', 'rooms', 'notifications', 'files', 'scheduler', 'calls'] as const
export type SchemaName = (typeof schemaNames)[number]
/** What a process offers to the others: services, and a gateway its own connections. */
export interface Provided extends Services {
  readonly gateway: GatewayService
}
export type ProvidedName = keyof Provided

export interface Readiness {
  readonly ready: boolean
  readonly reason?: string
}

/** How this process meets the network. */
export interface DoorSettings {
  readonly host: string
  readonly port: number
  readonly origins: ReadonlySet<string>
  readonly secureCookies: boolean
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[]
  readonly metricsToken: string | null
  readonly webDirectory: string | null
  readonly ready: () => Readiness
}

/** What the delivery engine opens for the HTTP server of the same process. */
export interface LiveDoor {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly stream: StreamDoor
}

export interface FileLimitSettings {
  readonly fileMaxBytes: number
  readonly userMaxBytes: number
  readonly totalMaxBytes: number
}

/** Where this server sends e-mail. */
export interface MailContext {
  /** Of the web client, without a slash at its end; links begin with it. */
  readonly publicUrl: string
  /** Called by the role that sends, and only there. */
  openMailer(): Promise<Mailer>
}

/** What calls need beyond one network, and beyond what browsers carry between them. */
export interface CallsContext {
  readonly stunUrls: readonly string[]
  readonly turnUrls: readonly string[]
  /** Set where there are `turnUrls`. */
  readonly secret: string | undefined
  /** Called by the role that owns calls, and only there. */
  openMediaServers(): Promise<readonly MediaServer[]>
}

/** Ports and settings: all a role knows of the topology. */
export interface RoleContext {
  readonly log: Log
  readonly clock: Clock
  readonly newId: NewId
  /** Roles of this process. */
  readonly roles: readonly RoleName[]
  readonly bus: Bus
  readonly cache: Cache
  readonly queue: WorkQueue
  readonly sessionsStore: SessionsStore
  readonly rates: RateLimiter
  readonly tracer: Tracer
  readonly metrics: Registry
  /** Local where this process runs the service, remote otherwise; a role cannot tell. */
  readonly services: Services
  readonly door: DoorSettings
  /** Also what a room may choose at most. */
  readonly jobs: JobSettings
  readonly fileLimits: FileLimitSettings
  /** Undefined where no e-mail is sent. */
  readonly mail: MailContext | undefined
  readonly calls: CallsContext
  /** Where push services find the operator. */
  readonly pushContact: string
  /** Opened by the role that sends pushes, and only there. */
  openPushTransport(): PushTransport
  /** Opened by the role that keeps files, and only there. */
  openFileStore(): Promise<FileStore>
  /** The way of files' bytes: straight where this process keeps files, over the network otherwise. */
  readonly fileDoor: FileDoor
  /** Makes the way of bytes of this process the one that is taken here and by the others. */
  provideFileDoor(door: FileDoor): void
  /** A pool for the service's own schema; closed by the topology after all roles. */
  database(schema: SchemaName, maxConnections: number): Database
  /** Makes a service of this process callable by the others. */
  provide<Name extends ProvidedName>(name: Name, service: Provided[Name]): void
  /** Where the other processes reach this one; undefined where there are no others. */
  readonly selfUrl: string | undefined
  /** The gateway of another process, by its `selfUrl`. */
  gatewayAt(url: string): GatewayService
  /** One for all gateways of the process: keys and revocations are fetched once. Resolves when it has loaded them all. */
  verifier(): Promise<TokenVerifier>
  /** Null until, or unless, this process runs the delivery engine. */
  liveDoor(): LiveDoor | null
  openLiveDoor(door: LiveDoor): void
  /** What the person who starts Parley reads once it is ready; never in the log. */
  tell(line: string): void
}

export interface RunningRole {
  /** Called once everything of the process is ready to serve. */
  listen?(): Promise<void>
  /** Tells clients to go elsewhere; resolves when they are gone or the time is over. */
  drain?(withinMs: number): Promise<void>
  /** Finishes what is under way. */
  close(): Promise<void>
}

export interface RoleModule {
  /** What the role's schema needs, applied before any role starts. */
  readonly migrations?: { readonly schema: SchemaName; readonly migrations: readonly Migration[] }
  /** Of its pool: an embedded PostgreSQL is given as many as all roles together may open. */
  readonly connectionsMax?: number
  start(context: RoleContext): Promise<RunningRole>
}
