/** What a machine needs to run Parley, looked at one by one without starting anything. */
import { constants } from 'node:fs'
import { access, readFile, stat, statfs } from 'node:fs/promises'
import { availableParallelism, freemem } from 'node:os'
import { dirname, join } from 'node:path'
import { forEachService } from '@parley/contracts'
import { checkPort, isParley } from '../check-port.ts'
import { inspectDataDirectory } from '../data-directory.ts'
import { plainSentence } from '../plain-error.ts'
import { schemaNames } from '../role.ts'
import { allowedOrigins, isLocal, loopbackUrl } from '../settings/origins.ts'
import type { Settings } from '../settings/table.ts'
import { checkDatabaseUrl, checkEmbeddedPostgres } from '../topology/check-database.ts'
import { databaseSettingOf, databaseUrlOf } from '../topology/demand-distributed.ts'
import { bad, type Finding, good, poor, type Verdict } from './finding.ts'

type Examination = (settings: Settings) => Verdict | Promise<Verdict>

const NODE_LOWEST_MAJOR = 24
const DISK_BAD_BYTES = 300 * 1024 ** 2
const DISK_POOR_BYTES = 2 * 1024 ** 3
const MEMORY_POOR_BYTES = 400 * 1024 ** 2
const FILES_BAD = 1_024
const FILES_POOR = 10_000
/** No clock that runs this version can be right before it. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)
const CLOCK_SLACK_MS = 60_000

const examinations: Readonly<Record<string, Examination>> = {
  'Node.js': examineNode,
  PostgreSQL: examineDatabase,
  'data directory': examineData,
  disk: examineDisk,
  'file store': examineFileStore,
  memory: examineMemory,
  'open files': examineFiles,
  port: examinePort,
  origins: examineOrigins,
  'e-mail': examineMail,
  calls: tellOfCalls,
  clock: examineClock,
}

/** Of a process that is one of many, instead of those that look at the embedded topology. */
const distributedExaminations: Readonly<Record<string, Examination>> = {
  'Node.js': examineNode,
  PostgreSQL: examineOwnDatabases,
  Redis: async (settings) => good(await (await engineChecks()).checkRedis(settings)),
  RabbitMQ: async (settings) => good(await (await engineChecks()).checkRabbitMq(settings)),
  ...forEachService<Examination>(
    (name) => async (settings) => good(await (await engineChecks()).checkService(settings, name)),
  ),
  'file store': async (settings) =>
    settings.roles.includes('files') ? examineFileStore(settings) : good('not kept by these roles'),
  memory: examineMemory,
  'open files': examineFiles,
  origins: examineOrigins,
  'e-mail': async (settings) =>
    settings.roles.some((role) => role === 'auth' || role === 'notifications')
      ? examineMail(settings)
      : good('not sent by these roles'),
  calls: (settings) =>
    settings.roles.includes('calls') ? tellOfCalls(settings) : good('not handled by these roles'),
}

const engineChecks = () => import('../topology/check-engines.ts')

export function examine(settings: Settings): Promise<Finding[]> {
  const chosen = settings.redisUrl === undefined ? examinations : distributedExaminations
  return Promise.all(
    Object.entries(chosen).map(async ([subject, examination]) => {
      try {
        return { subject, ...(await examination(settings)) }
      } catch (error) {
        return { subject, ...bad(plainSentence(error) ?? (error as Error).message) }
      }
    }),
  )
}

function examineNode(): Verdict {
  const { node } = process.versions
  if (Number(node.split('.')[0]) >= NODE_LOWEST_MAJOR)
    return good(`${node} on ${process.platform} ${process.arch}`)
  return bad(`${node} is too old: install Node ${NODE_LOWEST_MAJOR}, or run "npm ci" to get it.`)
}

async function examineDatabase({ databaseUrl }: Settings): Promise<Verdict> {
  return good(
    databaseUrl === undefined
      ? `${await checkEmbeddedPostgres()}, embedded`
      : await checkDatabaseUrl(databaseUrl),
  )
}

async function examineOwnDatabases(settings: Settings): Promise<Verdict> {
  const own = schemaNames.filter((schema) => settings.roles.includes(schema))
  const settingOf = new Map(
    own.map((schema) => [databaseUrlOf(settings, schema), databaseSettingOf(settings, schema)]),
  )
  const found = await Promise.all(
    [...settingOf].map(([url, setting]) =>
      url === undefined ? 'no URL is set' : checkDatabaseUrl(url, setting),
    ),
  )
  return good(found.length === 0 ? 'not needed by these roles' : [...new Set(found)].join(', '))
}

async function examineData({ data }: Settings): Promise<Verdict> {
  const found = await stat(data).catch(() => undefined)
  if (found === undefined) {
    const parent = await nearestExisting(dirname(data))
    await access(parent, constants.W_OK | constants.X_OK)
    return good(`${data} will be made at the first start`)
  }
  if (!found.isDirectory()) return bad(`${data} is not a directory: choose another place with PARLEY_DATA.`)
  await access(data, constants.R_OK | constants.W_OK | constants.X_OK)
  const me = process.geteuid?.()
  if (me !== undefined && me !== 0 && found.uid !== me) {
    return bad(`${data} belongs to another user (uid ${found.uid}): start Parley as that user.`)
  }
  await inspectDataDirectory(data)
  if ((found.mode & 0o077) !== 0)
    return poor(`${data} is open to other users; the next start closes it (mode 0700).`)
  return good(data)
}

async function examineDisk({ data }: Settings): Promise<Verdict> {
  const { bavail, bsize } = await statfs(await nearestExisting(data))
  const free = bavail * bsize
  const text = `${(free / 1024 ** 3).toFixed(1)} GB free for ${data}`
  if (free < DISK_BAD_BYTES) return bad(`${text}: free some space, or choose another place with PARLEY_DATA.`)
  return free < DISK_POOR_BYTES ? poor(`${text}: that will not last long.`) : good(text)
}

async function examineFileStore(settings: Settings): Promise<Verdict> {
  const { checkFileStore } = await import('../topology/open-file-store.ts')
  return good(await checkFileStore(settings))
}

function examineMemory(): Verdict {
  const free = process.availableMemory?.() ?? freemem()
  const text = `${(free / 1024 ** 2).toFixed(0)} MB available, ${availableParallelism()} cores`
  return free < MEMORY_POOR_BYTES ? poor(`${text}: Parley and its PostgreSQL want about 300 MB.`) : good(text)
}

async function examineFiles(): Promise<Verdict> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1]
  if (soft === undefined) return good('no limit can be read on this system')
  const count = soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
  const text = `${soft} at most`
  if (count < FILES_BAD) return bad(`${text}: each connection needs one; raise it with "ulimit -n 65536".`)
  return count < FILES_POOR
    ? poor(`${text}, and each connection needs one; raise it with "ulimit -n 65536".`)
    : good(text)
}

async function examinePort(settings: Settings): Promise<Verdict> {
  if (await isParley(settings)) return good(`Parley is running at ${loopbackUrl(settings)}`)
  await checkPort(settings)
  return good(`${settings.port} on ${settings.host} is free`)
}

function examineOrigins(settings: Settings): Verdict {
  const origins = allowedOrigins(settings)
  const text = origins.join(', ')
  if (isLocal(settings.host) && settings.publicUrl === undefined && settings.origins === undefined)
    return good(text)
  const open = origins.filter((origin) => origin.startsWith('http:') && !isLocal(new URL(origin).hostname))
  if (settings.publicUrl === undefined && !isLocal(settings.host)) {
    return poor(
      `other machines reach ${settings.host}:${settings.port} without encryption: put a proxy with HTTPS in front and set PARLEY_PUBLIC_URL.`,
    )
  }
  if (settings.publicUrl?.startsWith('http:') === true && open.includes(settings.publicUrl)) {
    return poor(`${settings.publicUrl} is not encrypted: calls, notifications and safe cookies need https.`)
  }
  return good(text)
}

async function examineMail(settings: Settings): Promise<Verdict> {
  if (settings.smtpUrl === undefined) {
    return good(
      'none is sent; everything else works. PARLEY_SMTP_URL and PARLEY_MAIL_FROM turn on digests, verified addresses and forgotten passwords.',
    )
  }
  const { checkMail } = await import('../topology/open-mailer.ts')
  const text = await checkMail(settings)
  return settings.publicUrl === undefined
    ? poor(`${text}; set PARLEY_PUBLIC_URL, so that links in letters lead here from everywhere.`)
    : good(text)
}

/** Only what is set: to try it takes seconds. */
function tellOfCalls({ turnUrls }: Settings): Verdict {
  return good(
    turnUrls === undefined
      ? 'they work inside one network (no PARLEY_TURN_URLS); "parley doctor calls" tells more.'
      : `${turnUrls.length === 1 ? 'one TURN address is' : `${turnUrls.length} TURN addresses are`} set; "parley doctor calls" tries them.`,
  )
}

async function examineClock({ data }: Settings): Promise<Verdict> {
  const now = Date.now()
  const text = new Date(now).toISOString()
  if (now < EARLIEST_MS)
    return bad(`${text} cannot be right: set the clock (tokens and order of times depend on it).`)
  const written = await stat(join(data, 'postgres', 'postmaster.pid'))
    .catch(() => stat(join(data, 'format')))
    .catch(() => undefined)
  if (written !== undefined && written.mtimeMs > now + CLOCK_SLACK_MS) {
    return bad(
      `${text} is earlier than the last start (${written.mtime.toISOString()}): the clock went backwards; set it.`,
    )
  }
  return good(text)
}

async function nearestExisting(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined || dirname(path) === path ? path : nearestExisting(dirname(path))
}
