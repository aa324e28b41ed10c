/**
 * Every setting there is: by environment variable or by flag, the flag winning. `docs/settings.md` is this
 * table, and a test compares the two.
 */
import { callSettings } from './call-settings.ts'
import { jobSettings } from './job-settings.ts'
import * as kinds from './kinds.ts'
import { mailSettings } from './mail-settings.ts'
import { setting } from './setting.ts'

export type { SettingDefinition } from './setting.ts'

export const settingsTable = {
  port: setting({
    env: 'PARLEY_PORT',
    flag: '--port',
    placeholder: 'number',
    fallback: '8080',
    parse: kinds.port,
    description: 'TCP port of the one HTTP and WebSocket server.',
  }),
  host: setting({
    env: 'PARLEY_HOST',
    flag: '--host',
    placeholder: 'address',
    fallback: '127.0.0.1',
    parse: kinds.host,
    description:
      'Address to listen on. `0.0.0.0` (or `::`) listens on all of them, so that other machines reach Parley.',
  }),
  origins: setting({
    env: 'PARLEY_ORIGINS',
    flag: '--origins',
    placeholder: 'list',
    fallback: undefined,
    parse: kinds.origins,
    description:
      'Exact origins, separated by commas, whose pages may use cookies here. Not set: `http://localhost:PORT`, `http://127.0.0.1:PORT`, those of the listening address, and `PARLEY_PUBLIC_URL`.',
  }),
  publicUrl: setting({
    env: 'PARLEY_PUBLIC_URL',
    flag: '--public-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.origin,
    description:
      'The address people type, such as `https://chat.example.org`, when a proxy stands in front. With `https` cookies are marked Secure.',
  }),
  data: setting({
    env: 'PARLEY_DATA',
    flag: '--data',
    placeholder: 'directory',
    fallback: './data',
    parse: kinds.directory,
    description:
      'Directory of everything Parley keeps: secrets and the embedded PostgreSQL. Made when missing, for its owner only.',
  }),
  databaseUrl: setting({
    env: 'PARLEY_DATABASE_URL',
    flag: '--database-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.databaseUrl,
    description:
      'A PostgreSQL (15 or newer) of your own instead of the embedded one: `postgresql://user:password@host:5432/parley`.',
    secret: true,
  }),
  redisUrl: setting({
    env: 'PARLEY_REDIS_URL',
    flag: '--redis-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.redisUrl,
    description:
      'A Redis (7 or newer) or Valkey: `redis://:password@host:6379`. Set: this process is one of a deployment of many, and needs the settings below. Not set: the embedded topology.',
    secret: true,
  }),
  rabbitmqUrl: setting({
    env: 'PARLEY_RABBITMQ_URL',
    flag: '--rabbitmq-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.rabbitmqUrl,
    description: 'A RabbitMQ (3.10 or newer) for background work: `amqp://user:password@host:5672`.',
    secret: true,
  }),
  authDatabaseUrl: setting({
    env: 'PARLEY_AUTH_DATABASE_URL',
    flag: '--auth-database-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.databaseUrl,
    description:
      'The PostgreSQL of the auth service, when it is not that of `PARLEY_DATABASE_URL`: another server, or only a role of its own.',
    secret: true,
  }),
  roomsDatabaseUrl: setting({
    env: 'PARLEY_ROOMS_DATABASE_URL',
    flag: '--rooms-database-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.databaseUrl,
    description: 'The same for the rooms service.',
    secret: true,
  }),
  notificationsDatabaseUrl: setting({
    env: 'PARLEY_NOTIFICATIONS_DATABASE_URL',
    flag: '--notifications-database-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.databaseUrl,
    description: 'The same for the notifications service.',
    secret: true,
  }),
  filesDatabaseUrl: setting({
    env: 'PARLEY_FILES_DATABASE_URL',
    flag: '--files-database-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.databaseUrl,
    description: 'The same for the files service.',
    secret: true,
  }),
  callsDatabaseUrl: setting({
    env: 'PARLEY_CALLS_DATABASE_URL',
    flag: '--calls-database-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.databaseUrl,
    description: 'The same for the calls service.',
    secret: true,
  }),
  schedulerDatabaseUrl: setting({
    env: 'PARLEY_SCHEDULER_DATABASE_URL',
    flag: '--scheduler-database-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.databaseUrl,
    description: 'The same for the scheduler service.',
    secret: true,
  }),
  serviceKeys: setting({
    env: 'PARLEY_SERVICE_KEY',
    flag: '--service-key',
    placeholder: 'key',
    fallback: undefined,
    parse: kinds.serviceKeys,
    description:
      'What processes of one deployment prove to each other with: the same random text of at least 32 characters everywhere, such as `openssl rand -hex 32` prints. To replace it, a list separated by commas: the first is shown to others, all are accepted.',
    secret: true,
  }),
  internalHost: setting({
    env: 'PARLEY_INTERNAL_HOST',
    flag: '--internal-host',
    placeholder: 'address',
    fallback: '127.0.0.1',
    parse: kinds.host,
    description:
      'Address on which calls of the other processes, `/healthz`, `/readyz` and `/metrics` are answered. Keep it inside the private network.',
  }),
  internalPort: setting({
    env: 'PARLEY_INTERNAL_PORT',
    flag: '--internal-port',
    placeholder: 'number',
    fallback: '7400',
    parse: kinds.port,
    description: 'TCP port of the same.',
  }),
  internalUrl: setting({
    env: 'PARLEY_INTERNAL_URL',
    flag: '--internal-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.origin,
    description:
      'How the other processes reach this one. Not set: by `PARLEY_INTERNAL_HOST`, or by the name of the machine where that is all of its addresses.',
  }),
  authUrls: setting({
    env: 'PARLEY_AUTH_URLS',
    flag: '--auth-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: kinds.serviceUrls,
    description:
      'Internal addresses of the processes that run `auth`, separated by commas, such as `http://10.0.0.2:7400`. A name with several addresses counts as all of them. Needed where this process does not run it.',
  }),
  sessionsUrls: setting({
    env: 'PARLEY_SESSIONS_URLS',
    flag: '--sessions-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: kinds.serviceUrls,
    description: 'The same for `sessions`.',
  }),
  roomsUrls: setting({
    env: 'PARLEY_ROOMS_URLS',
    flag: '--rooms-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: kinds.serviceUrls,
    description: 'The same for `rooms`.',
  }),
  notificationsUrls: setting({
    env: 'PARLEY_NOTIFICATIONS_URLS',
    flag: '--notifications-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: kinds.serviceUrls,
    description: 'The same for `notifications`.',
  }),
  filesUrls: setting({
    env: 'PARLEY_FILES_URLS',
    flag: '--files-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: kinds.serviceUrls,
    description: 'The same for `files`.',
  }),
  callsUrls: setting({
    env: 'PARLEY_CALLS_URLS',
    flag: '--calls-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: kinds.serviceUrls,
    description: 'The same for `calls`.',
  }),
  schedulerUrls: setting({
    env: 'PARLEY_SCHEDULER_URLS',
    flag: '--scheduler-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: kinds.serviceUrls,
    description: 'The same for `scheduler`.',
  }),
  fileStore: setting({
    env: 'PARLEY_FILE_STORE',
    flag: '--file-store',
    placeholder: 'directory|url',
    fallback: undefined,
    parse: kinds.fileStore,
    description:
      'Where uploaded files lie; processes with the role `files` share it. A directory, or a bucket of a server that speaks S3: `s3://KEY:SECRET@host/bucket/folder?region=eu-central-1` (`s3+http://` without encryption; in the secret `/` is written `%2F`). Not set: `files` in `PARLEY_DATA`.',
    secret: true,
  }),
  fileMaxBytes: setting({
    env: 'PARLEY_FILE_MAX',
    flag: '--file-max',
    placeholder: 'size',
    fallback: '1GB',
    parse: kinds.bytes,
    description:
      'The largest file that may be uploaded, such as `100MB`. Pictures may have 32 MB in any case.',
  }),
  fileUserMaxBytes: setting({
    env: 'PARLEY_FILE_USER_MAX',
    flag: '--file-user-max',
    placeholder: 'size|off',
    fallback: '10GB',
    parse: kinds.bytesOrOff,
    description: 'What all files of one person may take; `off`: no limit.',
  }),
  fileTotalMaxBytes: setting({
    env: 'PARLEY_FILE_TOTAL_MAX',
    flag: '--file-total-max',
    placeholder: 'size|off',
    fallback: 'off',
    parse: kinds.bytesOrOff,
    description: 'What all files together may take; `off`: what the disk or the bucket holds.',
  }),
  pushPrivateOrigins: setting({
    env: 'PARLEY_PUSH_PRIVATE_ORIGINS',
    flag: '--push-private-origins',
    placeholder: 'list|off',
    fallback: 'off',
    parse: kinds.originsOrOff,
    description:
      'Push services in your own network, as origins separated by commas, such as `https://push.intranet`. All others are reached by `https` at public addresses only, because browsers name the address.',
  }),
  ...jobSettings,
  ...mailSettings,
  ...callSettings,
  rateLimits: setting({
    env: 'PARLEY_RATE_LIMITS',
    flag: '--rate-limits',
    placeholder: 'on|off',
    fallback: 'on',
    parse: kinds.onOff,
    description: '`off` is for tests and benchmarks only; the log warns.',
  }),
  log: setting({
    env: 'PARLEY_LOG',
    flag: '--log',
    placeholder: 'level',
    fallback: 'info',
    parse: kinds.logLevel,
    description: `How much is logged to standard error: ${kinds.logLevels.map((level) => `\`${level}\``).join(', ')}. JSON lines, or readable ones on a terminal.`,
  }),
  roles: setting({
    env: 'PARLEY_ROLES',
    flag: '--roles',
    placeholder: 'list',
    fallback: 'all',
    parse: kinds.roles,
    description:
      'Roles that this process runs: `all`, or some of them separated by commas. The embedded topology runs all of them.',
  }),
  trustProxy: setting({
    env: 'PARLEY_TRUST_PROXY',
    flag: '--trust-proxy',
    placeholder: 'list',
    fallback: 'off',
    parse: kinds.proxies,
    description:
      'Proxies whose `X-Forwarded-For` is believed: `off`, or addresses and networks separated by commas, such as `loopback,10.0.0.0/8`.',
  }),
  metricsToken: setting({
    env: 'PARLEY_METRICS_TOKEN',
    flag: '--metrics-token',
    placeholder: 'token',
    fallback: undefined,
    parse: kinds.token,
    description:
      'Bearer token that opens `/metrics` to other machines. Not set: only this machine may read it.',
    secret: true,
  }),
  otlpUrl: setting({
    env: 'PARLEY_OTLP_URL',
    flag: '--otlp-url',
    placeholder: 'url',
    fallback: undefined,
    parse: kinds.otlpUrl,
    description:
      'Where traces go: a collector of OpenTelemetry (OTLP over HTTP), such as `http://collector:4318`. Not set: nothing is traced. A key that it wants is given in `OTEL_EXPORTER_OTLP_HEADERS`.',
  }),
  traceRatio: setting({
    env: 'PARLEY_TRACE_RATIO',
    flag: '--trace-ratio',
    placeholder: 'number',
    fallback: '0.01',
    parse: kinds.ratio,
    description:
      'Which part of what is asked is traced, from 0 to 1, where `PARLEY_OTLP_URL` is set. A request with a sampled `traceparent` is traced in any case, up to ten of them a second.',
  }),
  web: setting({
    env: 'PARLEY_WEB',
    flag: '--web',
    placeholder: 'on|off',
    fallback: 'on',
    parse: kinds.onOff,
    description: '`off` starts without the web client (nothing is built): the API and the sockets only.',
  }),
  strictCalls: setting({
    env: 'PARLEY_STRICT_CALLS',
    flag: '--strict-calls',
    placeholder: 'on|off',
    fallback: 'off',
    parse: kinds.onOff,
    description:
      '`on` encodes, decodes and validates each call between services as if it crossed machines; for tests.',
  }),
} as const

export type SettingName = keyof typeof settingsTable
export const settingNames = Object.keys(settingsTable) as SettingName[]

type ValueOf<Name extends SettingName> = ReturnType<(typeof settingsTable)[Name]['parse']>
/** Settings without a fallback may be undefined. */
type Optional =
  | 'origins'
  | 'publicUrl'
  | 'databaseUrl'
  | 'metricsToken'
  | 'otlpUrl'
  | 'redisUrl'
  | 'rabbitmqUrl'
  | 'authDatabaseUrl'
  | 'roomsDatabaseUrl'
  | 'serviceKeys'
  | 'internalUrl'
  | 'authUrls'
  | 'sessionsUrls'
  | 'roomsUrls'
  | 'notificationsDatabaseUrl'
  | 'notificationsUrls'
  | 'filesDatabaseUrl'
  | 'filesUrls'
  | 'fileStore'
  | 'callsDatabaseUrl'
  | 'callsUrls'
  | 'schedulerDatabaseUrl'
  | 'schedulerUrls'
  | 'smtpUrl'
  | 'mailFrom'
  | 'stunUrls'
  | 'turnUrls'
  | 'turnSecret'

export type Settings = {
  readonly [Name in SettingName]: Name extends Optional ? ValueOf<Name> | undefined : ValueOf<Name>
}
