/** Settings of this start: flags before `PARLEY_*` variables before fallbacks, validated, contradictions refused. */
import { PlainError } from '../plain-error.ts'
import { allRoles } from '../role-names.ts'
import { suggest } from './suggest.ts'
import {
  type SettingDefinition,
  type SettingName,
  type Settings,
  settingNames,
  settingsTable,
} from './table.ts'

export type Environment = Readonly<Record<string, string | undefined>>
/** Flags by the name of their setting, as text. */
export type Flags = Readonly<Partial<Record<SettingName, string>>>

/** Throws `PlainError` that names the variable or flag and what is allowed. An empty variable counts as not set. */
export function readSettings(environment: Environment, flags: Flags = {}): Settings {
  refuseUnknown(environment)
  const values = settingNames.map((name) => [name, readOne(settingsTable[name], environment, flags[name])])
  const settings = Object.fromEntries(values) as Settings
  refuseContradictions(settings)
  return settings
}

function readOne(
  definition: SettingDefinition<unknown>,
  environment: Environment,
  flag: string | undefined,
): unknown {
  const variable = environment[definition.env]
  const text = flag ?? (variable === '' ? undefined : variable) ?? definition.fallback
  if (text === undefined) return undefined
  try {
    return definition.parse(text)
  } catch (error) {
    if (!(error instanceof PlainError)) throw error
    throw new PlainError(`${flag === undefined ? definition.env : definition.flag} ${error.message}`)
  }
}

function refuseUnknown(environment: Environment): void {
  const known = settingNames.map((name) => settingsTable[name].env as string)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('PARLEY_') || known.includes(name)) continue
    const meant = suggest(name, known)
    throw new PlainError(
      `There is no setting ${name}.${meant === undefined ? '' : ` Did you mean ${meant}?`} All settings are in docs/settings.md.`,
    )
  }
}

function refuseContradictions(settings: Settings): void {
  const { roles, publicUrl, origins, redisUrl, rabbitmqUrl } = settings
  const missing = allRoles.filter((role) => !roles.includes(role))
  if (redisUrl === undefined && missing.length > 0) {
    throw new PlainError(
      `PARLEY_ROLES leaves out ${missing.join(', ')}, but the embedded topology runs every role in one process: a process with some of them needs PARLEY_REDIS_URL and the engines of a distributed deployment (docs/operations.md). Otherwise leave PARLEY_ROLES out.`,
    )
  }
  if (redisUrl === undefined && rabbitmqUrl !== undefined) {
    throw new PlainError(
      'PARLEY_RABBITMQ_URL is for the distributed topology, which PARLEY_REDIS_URL asks for: set that too, or leave both out.',
    )
  }
  if ((settings.smtpUrl === undefined) !== (settings.mailFrom === undefined)) {
    throw new PlainError(
      'PARLEY_SMTP_URL and PARLEY_MAIL_FROM belong together: set both, or leave both out and no e-mail is sent.',
    )
  }
  if ((settings.turnUrls === undefined) !== (settings.turnSecret === undefined)) {
    throw new PlainError(
      'PARLEY_TURN_URLS and PARLEY_TURN_SECRET belong together: set both (the secret is static-auth-secret of coturn), or leave both out and calls work inside one network.',
    )
  }
  if ((settings.janusUrls === undefined) !== (settings.janusSecret === undefined)) {
    throw new PlainError(
      'PARLEY_JANUS_URLS and PARLEY_JANUS_SECRET belong together: set both (the secret is api_secret of Janus), or leave both out and calls are as large as browsers carry them.',
    )
  }
  if (publicUrl !== undefined && origins !== undefined && !origins.includes(publicUrl)) {
    throw new PlainError(
      `PARLEY_ORIGINS does not contain ${publicUrl}, the address in PARLEY_PUBLIC_URL: add it there, or leave PARLEY_ORIGINS out.`,
    )
  }
}
