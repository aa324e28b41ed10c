/** One life of the server: from settings to the printed URL, and from the first signal to the exit code. */
import type { Logger } from 'pino'
import { checkPort } from './check-port.ts'
import { type DataDirectory, openDataDirectory } from './data-directory.ts'
import { ensureWebClient } from './ensure-web-client.ts'
import { createLog } from './log/create-log.ts'
import { plainSentence } from './plain-error.ts'
import { allRoles } from './role-names.ts'
import { isLocal, ownInternalUrl, reachableUrls } from './settings/origins.ts'
import type { Settings } from './settings/table.ts'
import type { RunningTopology, TopologyOptions } from './topology/run-roles.ts'
import { PROGRAM_DIRECTORY, readVersion } from './version.ts'
import { watchSignals } from './watch-signals.ts'

/** How long clients have to connect elsewhere. */
const DRAIN_MS = 3_000
/** What is in flight must be done by then; PostgreSQL's own shutdown is not cut short. */
const CLOSE_MAX_MS = 30_000

/** Resolves with the exit code once everything is closed. Throws what could not be started. */
export async function runServer(settings: Settings): Promise<number> {
  const isDistributed = settings.redisUrl !== undefined
  const log = createLog({
    level: settings.log,
    pretty: process.stderr.isTTY,
    process: isDistributed ? `${settings.roles.join(',')} ${process.pid}` : undefined,
  })
  const end = Promise.withResolvers<number>()
  const stopping = new AbortController()
  let fatal: Error | undefined

  refuseToSwallow(log)
  // Started by `parley cluster`, whose end must be ours.
  if (process.send !== undefined) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  watchSignals({
    drain(signal) {
      stopping.abort()
      log.info({ signal }, 'stopping')
      end.resolve(0)
    },
    // PostgreSQL is tied to our life and shuts down by itself.
    abandon: () => process.exit(130),
  })
  const onFatal = (reason: Error): void => {
    fatal ??= reason
    log.error({ error: reason }, 'cannot go on')
    end.resolve(1)
  }

  const startedAt = performance.now()
  nameProcess(settings)
  if (meetsPeople(settings)) await checkPort(settings)
  const data = isDistributed ? undefined : await openDataDirectory(settings.data)
  if (stopping.signal.aborted) return 0
  const wantsWeb = settings.web && settings.roles.includes('http')
  const webDirectory = wantsWeb ? await ensureWebClient({ program: PROGRAM_DIRECTORY, say }) : null
  if (stopping.signal.aborted) return 0
  const options = { settings, log, webDirectory, onFatal, stopping: stopping.signal }
  const server = await startTopology(options, data).catch((error: unknown) => {
    if (stopping.signal.aborted) return undefined
    throw error
  })
  if (server === undefined) return 0
  log.info({ version: readVersion(), ready_ms: Math.round(performance.now() - startedAt) }, 'ready')
  if (!settings.rateLimits) log.warn({}, 'rate limits are off: for tests and benchmarks only')
  if (!stopping.signal.aborted) greet(settings, data, server)

  const code = await end.promise
  // Sockets first in any case: the door waits for those that are open.
  await server.drain(code === 0 ? DRAIN_MS : 0)
  await closeInTime(server, log)
  log.info({}, 'stopped')
  if (fatal !== undefined) process.stderr.write(`${plainSentence(fatal) ?? fatal.message}\n`)
  return code
}

/** Loads what this topology needs and nothing of the other. */
async function startTopology(
  options: TopologyOptions,
  data: DataDirectory | undefined,
): Promise<RunningTopology> {
  if (data === undefined) return (await import('./topology/distributed.ts')).startDistributed(options)
  return (await import('./topology/embedded.ts')).startEmbedded({ ...options, data })
}

/** So that an operator finds the process of a role: `parley ws`. */
function nameProcess({ roles }: Settings): void {
  const all = allRoles.every((role) => roles.includes(role))
  process.title = all ? 'parley' : `parley ${roles.join(',')}`
}

/** Whether this process listens where people connect. */
function meetsPeople({ roles }: Settings): boolean {
  return roles.includes('http') || roles.includes('ws')
}

function greet(settings: Settings, data: DataDirectory | undefined, server: RunningTopology): void {
  if (data === undefined) {
    say(`Parley is ready: ${settings.roles.join(', ')} at ${ownInternalUrl(settings)}`)
    for (const notice of server.notices) say(notice)
    return
  }
  if (data.isNew) say(`Made ${data.path} for everything Parley keeps; back it up, and keep it to yourself.`)
  if (!isLocal(settings.host) && settings.publicUrl === undefined) {
    say(
      'Other machines reach this server without encryption: put a proxy with HTTPS in front and set PARLEY_PUBLIC_URL.',
    )
  }
  const [best, ...others] = reachableUrls(settings)
  say(`Parley is ready at ${best}`)
  for (const url of others) say(`              also ${url}`)
  for (const notice of server.notices) say(notice)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A bug is not lived with: whoever supervises us starts a clean process, and clients resume. */
function refuseToSwallow(log: Logger): void {
  const die = (error: unknown): void => {
    log.fatal(
      { error: error instanceof Error ? error : new Error(String(error)) },
      'unexpected error, ending',
    )
    process.exit(1)
  }
  process.on('unhandledRejection', die)
  process.on('uncaughtException', die)
}

async function closeInTime(server: RunningTopology, log: Logger): Promise<void> {
  const timer = setTimeout(() => {
    log.error({}, `not closed after ${CLOSE_MAX_MS / 1_000} s, ending anyway`)
    process.exit(1)
  }, CLOSE_MAX_MS)
  await server.close()
  clearTimeout(timer)
}
