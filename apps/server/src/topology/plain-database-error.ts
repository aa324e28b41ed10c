/** A database that cannot be reached at the start, as a sentence for the person who set its URL. */
import { ParleyError } from '@parley/protocol'
import { PlainError } from '../plain-error.ts'

/** `setting` is where the URL came from. Others are returned as they are. */
export function plainDatabaseError(
  error: unknown,
  databaseUrl: string | undefined,
  setting = 'PARLEY_DATABASE_URL',
): unknown {
  if (databaseUrl === undefined || !(error instanceof Error)) return error
  const cause = error instanceof ParleyError ? error.cause : error
  const { code } = (cause ?? {}) as { code?: unknown }
  const reason = explain(typeof code === 'string' ? code : undefined, cause)
  if (reason === undefined) return error
  return new PlainError(`The database at ${withoutSecrets(databaseUrl)} ${reason} Check ${setting}.`)
}

function explain(code: string | undefined, cause: unknown): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return 'refuses connections: is PostgreSQL running there?'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'cannot be found: its host name is not known.'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'cannot be reached: is a firewall in between?'
    case '28P01':
    case '28000':
      return 'refuses this user or password.'
    case '3D000':
      return 'does not exist: make it first, for example with "createdb".'
    case '42501':
    case '0A000':
      return `lacks a permission or an extension that Parley needs (${(cause as Error).message}): let its administrator run "create extension unaccent; create extension pg_trgm;" and grant create on the database, or run "parley migrate" as its owner.`
    case '53300':
      return 'has no free connection left: raise its max_connections.'
    default:
      return cause instanceof Error && /timeout|terminated/i.test(cause.message)
        ? 'does not answer in time.'
        : undefined
  }
}

function withoutSecrets(text: string): string {
  const url = new URL(text)
  return `${url.hostname || url.searchParams.get('host') || 'localhost'}${url.port === '' ? '' : `:${url.port}`}${url.pathname}`
}
