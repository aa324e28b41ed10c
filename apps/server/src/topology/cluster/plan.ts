/** Which processes a cluster on one machine has, and what each is told. */
import { schemaNames } from '../../role.ts'
import type { RoleName } from '../../role-names.ts'
import { allowedOrigins } from '../../settings/origins.ts'
import type { Settings } from '../../settings/table.ts'
import { needsQueueFor } from '../demand-distributed.ts'
import { filePlaceOf } from '../open-file-store.ts'
import { roleOf } from '../service-roles.ts'

/** Enough of each to see that they share the work, and that one may go. */
const REPLICAS: Readonly<Record<RoleName, number>> = {
  auth: 2,
  sessions: 1,
  rooms: 2,
  notifications: 1,
  files: 1,
  scheduler: 1,
  calls: 1,
  ws: 2,
  http: 2,
}

export interface PlannedProcess {
  readonly role: RoleName
  /** Where people are let in, through nginx; undefined for services. */
  readonly doorPort: number | undefined
  readonly internalPort: number
}

export interface EngineAddresses {
  readonly postgres: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly database: string
  }
  readonly redisUrl: string
  readonly rabbitmqUrl: string
}

export async function planProcesses(freePort: () => Promise<number>): Promise<PlannedProcess[]> {
  const planned: PlannedProcess[] = []
  for (const [role, count] of Object.entries(REPLICAS) as [RoleName, number][]) {
    for (let n = 0; n < count; n++) {
      const doorPort = role === 'http' || role === 'ws' ? await freePort() : undefined
      planned.push({ role, doorPort, internalPort: await freePort() })
    }
  }
  return planned
}

export const doorsOf = (plan: readonly PlannedProcess[], role: RoleName): string[] =>
  plan
    .filter((one) => one.role === role && one.doorPort !== undefined)
    .map((one) => `127.0.0.1:${one.doorPort}`)

/** Environment of one process: its own settings, and nothing of ours that is not meant for it. */
export function environmentOf(
  process: PlannedProcess,
  plan: readonly PlannedProcess[],
  parts: { settings: Settings; engines: EngineAddresses; serviceKey: string },
): Record<string, string> {
  const { settings, engines, serviceKey } = parts
  const urlsOf = (role: RoleName) =>
    plan
      .filter((one) => one.role === role)
      .map((one) => `http://127.0.0.1:${one.internalPort}`)
      .join(',')
  const { role, doorPort, internalPort } = process
  return {
    PARLEY_ROLES: role,
    PARLEY_REDIS_URL: engines.redisUrl,
    ...(needsQueueFor(role, settings) ? { PARLEY_RABBITMQ_URL: engines.rabbitmqUrl } : {}),
    PARLEY_SERVICE_KEY: serviceKey,
    PARLEY_INTERNAL_PORT: `${internalPort}`,
    PARLEY_AUTH_URLS: urlsOf('auth'),
    PARLEY_SESSIONS_URLS: urlsOf('sessions'),
    PARLEY_ROOMS_URLS: urlsOf('rooms'),
    PARLEY_NOTIFICATIONS_URLS: urlsOf('notifications'),
    PARLEY_FILES_URLS: urlsOf('files'),
    PARLEY_SCHEDULER_URLS: urlsOf('scheduler'),
    PARLEY_CALLS_URLS: urlsOf('calls'),
    PARLEY_FILE_STORE: filePlaceOf(settings),
    PARLEY_FILE_MAX: `${settings.fileMaxBytes}`,
    PARLEY_FILE_USER_MAX: `${settings.fileUserMaxBytes}`,
    PARLEY_FILE_TOTAL_MAX: `${settings.fileTotalMaxBytes}`,
    PARLEY_PUSH_PRIVATE_ORIGINS: settings.pushPrivateOrigins.join(',') || 'off',
    PARLEY_ARCHIVE_AFTER: `${settings.archiveAfterDays ?? 'off'}`,
    PARLEY_ARCHIVE_SCHEDULE: settings.archiveSchedule.text,
    PARLEY_RETENTION: `${settings.retentionDays ?? 'off'}`,
    PARLEY_RETENTION_SCHEDULE: settings.retentionSchedule.text,
    ...(settings.smtpUrl === undefined || settings.mailFrom === undefined
      ? {}
      : { PARLEY_SMTP_URL: settings.smtpUrl, PARLEY_MAIL_FROM: settings.mailFrom }),
    ...callVariables(settings),
    PARLEY_LOG: settings.log,
    PARLEY_RATE_LIMITS: onOff(settings.rateLimits),
    PARLEY_STRICT_CALLS: onOff(settings.strictCalls),
    PARLEY_WEB: onOff(settings.web),
    PARLEY_ORIGINS: allowedOrigins(settings).join(','),
    ...(settings.publicUrl === undefined ? {} : { PARLEY_PUBLIC_URL: settings.publicUrl }),
    ...(settings.metricsToken === undefined ? {} : { PARLEY_METRICS_TOKEN: settings.metricsToken }),
    ...(settings.otlpUrl === undefined
      ? {}
      : { PARLEY_OTLP_URL: settings.otlpUrl, PARLEY_TRACE_RATIO: `${settings.traceRatio}` }),
    // Only nginx on this machine stands in front.
    ...(doorPort === undefined ? {} : { PARLEY_PORT: `${doorPort}`, PARLEY_TRUST_PROXY: 'loopback' }),
    ...(schemaNames.some((schema) => schema === role)
      ? { [`PARLEY_${role.toUpperCase()}_DATABASE_URL`]: databaseUrl(engines, roleOf(role)) }
      : {}),
  }
}

/** Empty counts as not set. */
function callVariables(settings: Settings): Record<string, string> {
  const { stunUrls = [], turnUrls = [], turnSecret = '', janusUrls = [], janusSecret = '' } = settings
  return {
    PARLEY_STUN_URLS: stunUrls.join(),
    PARLEY_TURN_URLS: turnUrls.join(),
    PARLEY_TURN_SECRET: turnSecret,
    PARLEY_JANUS_URLS: janusUrls.join(),
    PARLEY_JANUS_SECRET: janusSecret,
  }
}

const onOff = (value: boolean): string => (value ? 'on' : 'off')

/** A URL for a unix socket: its directory is a parameter, since a host has no slashes. */
export function databaseUrl({ postgres }: EngineAddresses, user: string): string {
  const { host, port, database } = postgres
  return `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
}
