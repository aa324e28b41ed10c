/**
 * Everything in one process: the one file that knows it. PostgreSQL is ours (or reached by URL), the bus and the
 * rate limits live in memory, and calls between services are function calls.
 */
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { createInProcessWorkQueue } from '@parley/adapters/embedded/in-process-work-queue'
import { createMemoryCache } from '@parley/adapters/embedded/memory-cache'
import { createMemoryRateLimiter } from '@parley/adapters/embedded/memory-rate-limiter'
import { createDatabase, type DatabaseOptions } from '@parley/adapters/postgres/create-database'
import { migrate } from '@parley/adapters/postgres/migrate'
import {
  forEachService,
  gatewayContract,
  type ServiceName,
  type Services,
  serviceContracts,
  systemClock,
  unlimitedRates,
  type Verbs,
} from '@parley/contracts'
import { createMemorySessionsStore } from '@parley/services/sessions/memory-sessions-store'
import type { DataDirectory } from '../data-directory.ts'
import { createLocalCaller } from '../local-caller.ts'
import { createLocalFileDoor } from '../local-file-door.ts'
import { loadRoles } from '../roles.ts'
import { holdDatabase } from './hold-database.ts'
import { createObserveDead } from './observe.ts'
import { openEmbeddedPostgres } from './open-embedded-postgres.ts'
import { openFileStore } from './open-file-store.ts'
import { openPushTransport } from './open-push-transport.ts'
import { plainDatabaseError } from './plain-database-error.ts'
import {
  createMetrics,
  type Engines,
  type LoadedRoles,
  type RunningTopology,
  runRoles,
  type TopologyOptions,
} from './run-roles.ts'
import { grantServiceRoles, roleOf } from './service-roles.ts'
import { watchDatabase } from './watch-database.ts'

export interface EmbeddedOptions extends TopologyOptions {
  readonly data: DataDirectory
}

/** One of our own, ten for the commands that an operator runs beside us, and the three that PostgreSQL keeps back. */
const SPARE_CONNECTIONS = 14

type Stack = AsyncDisposableStack
type Connection = DatabaseOptions['connection']

/** Resolves when the port is open and everything serves. What was started is closed again when something throws. */
export async function startEmbedded(options: EmbeddedOptions): Promise<RunningTopology> {
  const stack = new AsyncDisposableStack()
  try {
    return await build(options, stack)
  } catch (error) {
    // What went wrong first is what a person has to know.
    await stack.disposeAsync().catch((second: unknown) => {
      options.log.warn({ error: second }, 'not everything could be closed')
    })
    throw plainDatabaseError(error, options.settings.databaseUrl)
  }
}

async function build(options: EmbeddedOptions, stack: Stack): Promise<RunningTopology> {
  const { settings, log } = options
  const roles = await loadRoles(settings.roles)
  const connection = await connect(options, stack, roles)
  const operations = openDatabase(stack, { connection, maxConnections: 1, log })
  const sets = roles.flatMap(({ role }) => role.migrations ?? [])
  const migrated = await migrate(operations, sets, log)
  if (typeof connection !== 'string') await grantServiceRoles(operations, sets)
  const watch = watchDatabase(operations, systemClock)
  stack.defer(() => watch.close())
  const metrics = createMetrics()
  return runRoles({
    options,
    stack,
    roles,
    engines: createEngines(options, stack, connection, {
      complaint: () => (watch.answers ? undefined : 'the database does not answer'),
      onDead: createObserveDead(metrics),
    }),
    migrated,
    metrics,
    phase: { current: 'starting' },
  })
}

/** Where the database is; starts it, or takes the one by URL for this process alone. */
async function connect(options: EmbeddedOptions, stack: Stack, roles: LoadedRoles): Promise<Connection> {
  const { settings, log, onFatal } = options
  const clock = systemClock
  if (settings.databaseUrl === undefined) {
    const settings = { max_connections: String(connectionsFor(roles)) }
    const postgres = await openEmbeddedPostgres({
      data: options.data,
      log,
      clock,
      onGivenUp: onFatal,
      settings,
    })
    stack.defer(() => postgres.stop())
    return postgres.connection
  }
  const connection = settings.databaseUrl
  const database = openDatabase(stack, { connection, maxConnections: 1, log })
  const hold = await holdDatabase({ database, clock, log, onLost: onFatal })
  stack.defer(() => hold.release())
  return connection
}

/** With one too few, whoever comes when all pools are full would be told that the server is not available. */
function connectionsFor(roles: LoadedRoles): number {
  return roles.reduce((sum, { role }) => sum + (role.connectionsMax ?? 0), SPARE_CONNECTIONS)
}

function openDatabase(stack: Stack, options: DatabaseOptions) {
  const database = createDatabase(options)
  stack.defer(() => database.close())
  return database
}

function asService(connection: Connection, schema: string): Connection {
  return typeof connection === 'string' ? connection : { ...connection, user: roleOf(schema) }
}

function createEngines(
  { settings, log }: EmbeddedOptions,
  stack: Stack,
  connection: Connection,
  { complaint, onDead }: Pick<Engines, 'complaint'> & { readonly onDead: (queue: string) => void },
): Engines {
  const bus = createInProcessBus()
  stack.defer(() => bus.close())
  const queue = createInProcessWorkQueue(log, onDead)
  stack.defer(() => queue.close())
  const callers = forEachService((name) =>
    createLocalCaller<Verbs>(serviceContracts[name], settings.strictCalls),
  )
  const gateway = createLocalCaller(gatewayContract, settings.strictCalls)
  const files = createLocalFileDoor()
  return {
    bus,
    queue,
    // Even beside a database on the same machine it spares the newest page of a room most of its query.
    cache: createMemoryCache(systemClock),
    rates: settings.rateLimits ? createMemoryRateLimiter(systemClock) : unlimitedRates,
    sessionsStore: createMemorySessionsStore(),
    services: forEachService((name) => callers[name].service) as Services,
    provide: (name, service) =>
      (name === 'gateway' ? gateway : callers[name as ServiceName]).connect(service as never),
    database: (schema, maxConnections) =>
      openDatabase(stack, { connection: asService(connection, schema), maxConnections, log }),
    selfUrl: undefined,
    gatewayAt: () => gateway.service,
    openFileStore: () => openFileStore(settings, log),
    openPushTransport: () => openPushTransport(settings, stack),
    fileDoor: files.door,
    provideFileDoor: files.connect,
    complaint,
    drain: async () => {},
  }
}
