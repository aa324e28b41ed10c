/** How the text of a setting becomes its value. Each throws `PlainError` with what is allowed; the caller adds which setting it was. */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { parseSchedule, type Schedule } from '@parley/services/scheduler/schedule'
import { PlainError } from '../plain-error.ts'
import { allRoles, isRoleName, type RoleName } from '../role-names.ts'
import { isS3Url, readS3Url } from './s3-url.ts'
import { suggest } from './suggest.ts'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

const PORT_MAX = 65_535
const TOKEN_MIN_CHARS = 16

export function port(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value < 1 || value > PORT_MAX) {
    throw new PlainError(`must be a whole number from 1 to ${PORT_MAX}`)
  }
  return value
}

export function host(text: string): string {
  const name = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(name) === 0 && !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(name)) {
    throw new PlainError('must be an address or a host name, such as 127.0.0.1 or 0.0.0.0')
  }
  return name
}

export function onOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new PlainError('must be on or off')
  return text === 'on'
}

export function logLevel(text: string): LogLevel {
  const level = logLevels.find((known) => known === text)
  if (level === undefined) throw new PlainError(`must be one of ${logLevels.join(', ')}`)
  return level
}

const BYTES = /^(\d{1,16})\s?(kb|mb|gb|tb)?$/i
const UNITS: Readonly<Record<string, number>> = { '': 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 }

/** A size in bytes; units are powers of a thousand, as disks are sold. */
export function bytes(text: string): number {
  const match = BYTES.exec(text)
  const value = Number(match?.[1]) * (UNITS[match?.[2]?.toLowerCase() ?? ''] ?? Number.NaN)
  if (!Number.isSafeInteger(value) || value < 1) throw new PlainError('must be a size such as 500MB or 2GB')
  return value
}

/** `off`: no limit. */
export function bytesOrOff(text: string): number {
  return text === 'off' ? Number.MAX_SAFE_INTEGER : bytes(text)
}

const DAYS_MAX = 36_500

/** Null for `off`. */
export function daysOrOff(text: string): number | null {
  if (text === 'off') return null
  const days = Number(text)
  if (!/^\d{1,5}$/.test(text) || days < 1 || days > DAYS_MAX)
    throw new PlainError(`must be off, or a whole number of days from 1 to ${DAYS_MAX}`)
  return days
}

export function schedule(text: string): Schedule {
  try {
    return parseSchedule(text)
  } catch {
    throw new PlainError(
      'must be five fields as in cron (minute, hour, day, month, day of the week), such as 17 3 * * *, or @hourly or @daily',
    )
  }
}

export function directory(text: string): string {
  if (text.includes('\0')) throw new PlainError('must be a path')
  return resolve(text)
}

/** A directory, or the URL of a bucket as it is. */
export function fileStore(text: string): string {
  if (!isS3Url(text)) return directory(text)
  readS3Url(text)
  return text
}

/** An exact origin, written as browsers send it. */
export function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new PlainError(`must be an origin such as https://chat.example.org, not "${text}"`)
  }
  if (
    text.replace(/\/$/, '').includes('/', url.protocol.length + 2) ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new PlainError(`must be an origin without a path: ${url.origin}, not "${text}"`)
  }
  if (url.username !== '' || url.password !== '')
    throw new PlainError('must not contain a user name or a password')
  return url.origin
}

export function origins(text: string): string[] {
  return list(text).map((item) => {
    if (item.includes('*')) throw new PlainError(`must name exact origins; "${item}" is a pattern`)
    return origin(item)
  })
}

export function originsOrOff(text: string): string[] {
  return text === 'off' ? [] : origins(text)
}

/** Of a server that this program is a client of. The text may hold a password: an error never repeats it. */
function engineUrl(text: string, protocols: readonly string[], example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !protocols.includes(url.protocol) || !text.includes('://')) {
    throw new PlainError(`must be a URL such as ${example}`)
  }
  // Clients decode these parts, some of them only once they connect.
  if (![url.username, url.password, url.pathname].every(isDecodable)) {
    throw new PlainError(
      'must have every % in user name, password and path followed by two hexadecimal digits of UTF-8; % itself is written %25',
    )
  }
  return url
}

/** For protocols in which nothing else says where the server is. */
export function engineUrlWithHost(text: string, protocols: readonly string[], example: string): URL {
  const url = engineUrl(text, protocols, example)
  if (url.hostname === '') throw new PlainError(`must name a host, such as ${example}`)
  return url
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

export function redisUrl(text: string): string {
  const example = 'redis://:password@host:6379'
  const { pathname } = engineUrlWithHost(text, ['redis:', 'rediss:'], example)
  if (!/^(\/\d*)?$/.test(pathname))
    throw new PlainError(`must have as its path nothing or the number of a database, such as ${example}/0`)
  return text
}

export function rabbitmqUrl(text: string): string {
  engineUrlWithHost(text, ['amqp:', 'amqps:'], 'amqp://user:password@host:5672')
  return text
}

/** Origins of internal addresses. */
export function serviceUrls(text: string): readonly string[] {
  return list(text).map(origin)
}

const SERVICE_KEY_MIN_CHARS = 32
/** One character over and over, or a word: what stands in examples must never become a secret. */
const SERVICE_KEY_MIN_DISTINCT = 10

/** The first is shown to others, all are accepted from them: a key is replaced without a moment of disagreement. */
export function serviceKeys(text: string): readonly string[] {
  return list(text).map((key) => {
    if (key.length < SERVICE_KEY_MIN_CHARS || new Set(key).size < SERVICE_KEY_MIN_DISTINCT) {
      throw new PlainError(
        `must be random text of at least ${SERVICE_KEY_MIN_CHARS} characters; "openssl rand -hex 32" prints one`,
      )
    }
    return key
  })
}

/** Base address of a collector, with a path where it has one. What it wants as a credential goes into a header. */
export function otlpUrl(text: string): string {
  const url = engineUrl(text, ['http:', 'https:'], 'http://collector:4318')
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new PlainError('must be a URL without user name, password, query and fragment')
  return url.href.replace(/\/+$/, '')
}

export function ratio(text: string): number {
  const value = Number(text)
  if (!/^\d{0,3}(\.\d{1,9})?$/.test(text) || text === '' || value > 1)
    throw new PlainError('must be a number from 0 to 1, such as 0.01')
  return value
}

export function databaseUrl(text: string): string {
  engineUrl(text, ['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/parley')
  return text
}

export function roles(text: string): readonly RoleName[] {
  const names = text === 'all' ? [...allRoles] : list(text)
  return [...new Set(names)].map((name) => {
    if (isRoleName(name)) return name
    const meant = suggest(name, allRoles)
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
    throw new PlainError(`knows no role "${name}"; the roles are all, ${allRoles.join(', ')}.${hint}`)
  })
}

/** Addresses and networks (`10.0.0.0/8`) of proxies, or `loopback`. */
export function proxies(text: string): readonly string[] {
  if (text === 'off') return []
  return list(text).map((item) => {
    const [address = '', bits, ...rest] = item.split('/')
    const version = isIP(address)
    const isNetwork =
      version !== 0 &&
      rest.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
    if (item !== 'loopback' && !isNetwork) {
      throw new PlainError(
        `must be off, or addresses and networks of proxies, such as loopback,10.0.0.0/8; "${item}" is neither`,
      )
    }
    return item
  })
}

export function token(text: string): string {
  if (text.length < TOKEN_MIN_CHARS) throw new PlainError(`must have at least ${TOKEN_MIN_CHARS} characters`)
  return text
}

function list(text: string): string[] {
  const items = text.split(',').map((item) => item.trim())
  if (items.some((item) => item === ''))
    throw new PlainError('must be a list separated by commas, without empty places')
  return items
}
