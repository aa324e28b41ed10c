/** What a process of the distributed topology must be told, and a plain sentence for all that is missing. */
import { forEachService, type ServiceName, serviceNames } from '@parley/contracts'
import { PlainError } from '../plain-error.ts'
import { type SchemaName, schemaNames } from '../role.ts'
import type { RoleName } from '../role-names.ts'
import { type SettingName, type Settings, settingsTable } from '../settings/table.ts'

export interface DistributedSettings extends Settings {
  readonly redisUrl: string
  /** Empty where `needsQueue` is false and it was left out. */
  readonly rabbitmqUrl: string
  readonly needsQueue: boolean
  readonly serviceKeys: readonly string[]
  /** By schema; only those of this process's roles are sure to be there. */
  readonly databases: Readonly<Record<SchemaName, string>>
  /** Where services run that this process calls and does not run. */
  readonly urls: Readonly<Record<ServiceName, readonly string[]>>
}

/** Whom each role calls. */
const callees: Readonly<Record<RoleName, readonly ServiceName[]>> = {
  auth: ['rooms'],
  sessions: [],
  rooms: ['auth', 'files'],
  notifications: ['auth', 'sessions', 'rooms'],
  files: ['auth', 'rooms'],
  scheduler: ['rooms', 'notifications'],
  calls: ['rooms'],
  ws: ['auth', 'sessions', 'rooms', 'notifications', 'files', 'calls'],
  http: ['auth', 'sessions', 'rooms', 'notifications', 'files'],
}

/** Those that hand on or do background work. */
const queueRoles: readonly RoleName[] = ['rooms', 'notifications']

export function needsQueueFor(role: RoleName, { smtpUrl }: Pick<Settings, 'smtpUrl'>): boolean {
  // Letters about accounts are handed on as well.
  return queueRoles.includes(role) || (role === 'auth' && smtpUrl !== undefined)
}

/** Throws `PlainError` that names every setting that is missing. */
export function demandDistributed(settings: Settings): DistributedSettings {
  const { roles } = settings
  const needs: [unknown, SettingName][] = [
    [settings.redisUrl, 'redisUrl'],
    [settings.serviceKeys, 'serviceKeys'],
  ]
  const needsQueue = roles.some((role) => needsQueueFor(role, settings))
  if (needsQueue) needs.push([settings.rabbitmqUrl, 'rabbitmqUrl'])
  for (const schema of schemaNames)
    if (roles.includes(schema)) needs.push([databaseUrlOf(settings, schema), 'databaseUrl'])
  for (const name of serviceNames) {
    const isCalled = roles.some((role) => callees[role].includes(name))
    if (isCalled && !roles.includes(name)) needs.push([settings[`${name}Urls`], `${name}Urls`])
  }
  const missing = [
    ...new Set(needs.filter(([value]) => value === undefined).map(([, name]) => settingsTable[name].env)),
  ]
  if (missing.length > 0) {
    throw new PlainError(
      `PARLEY_REDIS_URL makes this process one of a deployment of many, and for the roles ${roles.join(', ')} these are missing: ${missing.join(', ')}. docs/settings.md tells what each is; "npm run cluster" shows a whole deployment on one machine.`,
    )
  }
  return {
    ...settings,
    redisUrl: settings.redisUrl ?? '',
    rabbitmqUrl: settings.rabbitmqUrl ?? '',
    needsQueue,
    serviceKeys: settings.serviceKeys ?? [],
    databases: Object.fromEntries(
      schemaNames.map((schema) => [schema, databaseUrlOf(settings, schema) ?? '']),
    ) as Record<SchemaName, string>,
    urls: forEachService((name) => settings[`${name}Urls`] ?? []),
  }
}

/** A service's own, or that of all. */
export function databaseUrlOf(settings: Settings, schema: SchemaName): string | undefined {
  return settings[`${schema}DatabaseUrl`] ?? settings.databaseUrl
}

/** The setting that `databaseUrlOf` took it from. */
export function databaseSettingOf(settings: Settings, schema: SchemaName): string {
  const own = `${schema}DatabaseUrl` as const
  return settingsTable[settings[own] === undefined ? 'databaseUrl' : own].env
}
