/** What a process of the distributed topology must be told, and a plain sentence for all that is missing. */
import { PlainError } from '../plain-error.ts'
import type { SchemaName, Services } from '../role.ts'
import type { RoleName } from '../role-names.ts'
import { type SettingName, type Settings, settingsTable } from '../settings/table.ts'

export interface DistributedSettings extends Settings {
  readonly redisUrl: string
  readonly rabbitmqUrl: string
  readonly serviceKey: string
  /** By schema; only those of this process's roles are sure to be there. */
  readonly databases: Readonly<Record<SchemaName, string>>
  /** Where services run that this process calls and does not run. */
  readonly urls: Readonly<Record<keyof Services, readonly string[]>>
}

/** Whom each role calls. */
const callees: Readonly<Record<RoleName, readonly (keyof Services)[]>> = {
  auth: ['rooms'],
  sessions: [],
  rooms: ['auth'],
  ws: ['auth', 'sessions', 'rooms'],
  http: ['auth', 'sessions', 'rooms'],
}

/** Throws `PlainError` that names every setting that is missing. */
export function demandDistributed(settings: Settings): DistributedSettings {
  const { roles, databaseUrl, authDatabaseUrl, roomsDatabaseUrl } = settings
  const databases = { auth: authDatabaseUrl ?? databaseUrl, rooms: roomsDatabaseUrl ?? databaseUrl }
  const urls = { auth: settings.authUrls, sessions: settings.sessionsUrls, rooms: settings.roomsUrls }
  const needs: [unknown, SettingName][] = [
    [settings.redisUrl, 'redisUrl'],
    [settings.rabbitmqUrl, 'rabbitmqUrl'],
    [settings.serviceKey, 'serviceKey'],
  ]
  for (const schema of ['auth', 'rooms'] as const)
    if (roles.includes(schema)) needs.push([databases[schema], 'databaseUrl'])
  for (const name of ['auth', 'sessions', 'rooms'] as const) {
    const isCalled = roles.some((role) => callees[role].includes(name))
    if (isCalled && !roles.includes(name)) needs.push([urls[name], `${name}Urls`])
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
    serviceKey: settings.serviceKey ?? '',
    databases: { auth: databases.auth ?? '', rooms: databases.rooms ?? '' },
    urls: { auth: urls.auth ?? [], sessions: urls.sessions ?? [], rooms: urls.rooms ?? [] },
  }
}
