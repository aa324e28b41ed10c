/** One life of a cluster on this machine: from settings to the printed URL and table, and from the first signal to the exit code. */
import { join } from 'node:path'
import { checkPort } from './check-port.ts'
import { openDataDirectory } from './data-directory.ts'
import { ensureWebClient } from './ensure-web-client.ts'
import { createLog } from './log/create-log.ts'
import { PlainError, plainSentence } from './plain-error.ts'
import { createProcessTable } from './process-table.ts'
import { reachableUrls } from './settings/origins.ts'
import { type Settings, settingsTable } from './settings/table.ts'
import { type Cluster, OPERATOR_FILE, startCluster } from './topology/cluster/start-cluster.ts'
import { PROGRAM_DIRECTORY } from './version.ts'
import { watchSignals } from './watch-signals.ts'

/** Resolves with the exit code once everything is stopped. Throws what could not be started. */
export async function runCluster(settings: Settings): Promise<number> {
  process.title = 'parley cluster'
  let cluster: Cluster | undefined
  const table = createProcessTable(process.stdout, process.stderr, () => cluster?.processes() ?? [])
  // The processes log for themselves; what the engines say is for those who look for it.
  const log = createLog({
    level: settings.log,
    pretty: process.stderr.isTTY,
    // Above the table, not into it.
    destination: { write: (line) => table.warn(line.replace(/\n$/, '')) },
  })
  const end = Promise.withResolvers<number>()
  let stopped = false
  watchSignals({
    drain() {
      stopped = true
      end.resolve(0)
    },
    // Engines and processes are tied to our life.
    abandon: () => process.exit(130),
  })
  const onFatal = (reason: Error): void => {
    table.warn(plainSentence(reason) ?? reason.message)
    end.resolve(1)
  }

  refuseSettingsOfOne(settings)
  await checkPort(settings)
  const data = await openDataDirectory(settings.data)
  if (settings.web) await ensureWebClient({ program: PROGRAM_DIRECTORY, say })
  if (stopped) return 0
  const { say: tell, warn, refresh: onChange } = table
  cluster = await startCluster({ settings, data, log, say: tell, warn, onChange, onFatal })
  if (!stopped) {
    for (const url of reachableUrls(settings)) table.say(`Parley is ready at ${url}`)
    table.say(
      `For commands such as "parley queue list":  set -a; . ${join(data.path, OPERATOR_FILE)}; set +a`,
    )
    table.start()
  }
  const code = await end.promise
  table.stop()
  say('Stopping …')
  await cluster.stop()
  return code
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** The cluster brings its own engines and gives each process its own place. */
function refuseSettingsOfOne(settings: Settings): void {
  const own = ['databaseUrl', 'redisUrl', 'rabbitmqUrl', 'authDatabaseUrl', 'roomsDatabaseUrl'] as const
  const given = own.filter((name) => settings[name] !== undefined)
  if (given.length === 0) return
  throw new PlainError(
    `"parley cluster" starts engines of its own: leave out ${given.map((name) => settingsTable[name].env).join(', ')}.`,
  )
}
