/** One life of the server: from settings to the printed URL, and from the first signal to the exit code. */
import type { Logger } from 'pino'
import { checkPort } from './check-port.ts'
import { type DataDirectory, openDataDirectory } from './data-directory.ts'
import { ensureWebClient } from './ensure-web-client.ts'
import { createLog } from './log/create-log.ts'
import { plainSentence } from './plain-error.ts'
import { isLocal, reachableUrls } from './settings/origins.ts'
import type { Settings } from './settings/table.ts'
import { type RunningTopology, startEmbedded } from './topology/embedded.ts'
import { PROGRAM_DIRECTORY, readVersion } from './version.ts'
import { watchSignals } from './watch-signals.ts'

/** How long clients have to connect elsewhere. */
const DRAIN_MS = 3_000
/** What is in flight must be done by then; PostgreSQL's own shutdown is not cut short. */
const CLOSE_MAX_MS = 30_000

/** Resolves with the exit code once everything is closed. Throws what could not be started. */
export async function runServer(settings: Settings): Promise<number> {
  const log = createLog({ level: settings.log, pretty: process.stderr.isTTY })
  const end = Promise.withResolvers<number>()
  const stopped = { asked: false }
  let fatal: Error | undefined

  refuseToSwallow(log)
  watchSignals({
    drain(signal) {
      stopped.asked = true
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
  const data = await prepare(settings)
  if (stopped.asked) return 0
  const webDirectory = settings.web ? await ensureWebClient({ program: PROGRAM_DIRECTORY, say }) : null
  if (stopped.asked) return 0
  const server = await startEmbedded({ settings, data, log, webDirectory, onFatal })
  log.info({ version: readVersion(), ready_ms: Math.round(performance.now() - startedAt) }, 'ready')
  if (!settings.rateLimits) log.warn({}, 'rate limits are off: for tests and benchmarks only')
  if (!stopped.asked) greet(settings, data, server)

  const code = await end.promise
  // Sockets first in any case: the door waits for those that are open.
  await server.drain(code === 0 ? DRAIN_MS : 0)
  await closeInTime(server, log)
  log.info({}, 'stopped')
  if (fatal !== undefined) process.stderr.write(`${plainSentence(fatal) ?? fatal.message}\n`)
  return code
}

/** What can fail fast fails first. */
async function prepare(settings: Settings): Promise<DataDirectory> {
  await checkPort(settings)
  return openDataDirectory(settings.data)
}

function greet(settings: Settings, data: DataDirectory, server: RunningTopology): void {
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
