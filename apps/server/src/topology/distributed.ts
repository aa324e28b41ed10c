/**
 * One process of many: the one file that knows it. PostgreSQL, Redis and RabbitMQ are the deployment's, and services
 * that this process does not run are called over the network.
 */
import { createMemoryRateLimiter } from '@parley/adapters/embedded/memory-rate-limiter'
import { createRemoteFileDoor } from '@parley/adapters/files/create-remote-file-door'
import { createFileDoorServer, type FileDoorServer } from '@parley/adapters/files/serve-file-door'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { migrate } from '@parley/adapters/postgres/migrate'
import { createRabbitMqWorkQueue } from '@parley/adapters/rabbitmq/create-rabbitmq-work-queue'
import { createRedis } from '@parley/adapters/redis/connect-redis'
import { createRedisBus } from '@parley/adapters/redis/create-redis-bus'
import { createRedisCache } from '@parley/adapters/redis/create-redis-cache'
import { createRedisRateLimiter } from '@parley/adapters/redis/create-redis-rate-limiter'
import { createRedisSessionsStore } from '@parley/adapters/redis/create-redis-sessions-store'
import { createRemoteCaller, type RemoteCaller } from '@parley/adapters/rpc/create-remote-caller'
import { type CallServer, createCallServer } from '@parley/adapters/rpc/serve-calls'
import {
  type Contract,
  forEachService,
  type GatewayService,
  gatewayContract,
  noWorkQueue,
  type ServiceName,
  type Services,
  serviceContracts,
  systemClock,
  unlimitedRates,
} from '@parley/contracts'
import type { Registry } from 'prom-client'
import { createLocalCaller, type LocalCaller } from '../local-caller.ts'
import { createLocalFileDoor } from '../local-file-door.ts'
import type { SchemaName } from '../role.ts'
import { loadRoles } from '../roles.ts'
import { ownInternalUrl } from '../settings/origins.ts'
import { type DistributedSettings, databaseSettingOf, demandDistributed } from './demand-distributed.ts'
import { createGatewayDirectory } from './gateway-directory.ts'
import { holdDatabase } from './hold-database.ts'
import { startInternalServer } from './internal-server.ts'
import { createObserveCalls, createObserveDead, type ObserveCalls } from './observe.ts'
import { openFileStore } from './open-file-store.ts'
import { openPushTransport } from './open-push-transport.ts'
import { plainDatabaseError } from './plain-database-error.ts'
import {
  createMetrics,
  type Engines,
  type LoadedRoles,
  type Phase,
  type RunningTopology,
  readinessOf,
  runRoles,
  type TopologyOptions,
} from './run-roles.ts'
import { watchDatabase } from './watch-database.ts'

type Stack = AsyncDisposableStack
type OwnMigrations = NonNullable<LoadedRoles[number]['role']['migrations']>
interface Parts {
  readonly options: TopologyOptions
  readonly settings: DistributedSettings
  readonly stack: Stack
  readonly metrics: Registry
  readonly observeCalls: ObserveCalls
}

/** Resolves when this process serves. What was started is closed again when something throws. */
export async function startDistributed(options: TopologyOptions): Promise<RunningTopology> {
  const settings = demandDistributed(options.settings)
  const stack = new AsyncDisposableStack()
  try {
    const metrics = createMetrics()
    return await build({ options, settings, stack, metrics, observeCalls: createObserveCalls(metrics) })
  } catch (error) {
    await stack.disposeAsync().catch((second: unknown) => {
      options.log.warn({ error: second }, 'not everything could be closed')
    })
    throw error
  }
}

async function build(parts: Parts): Promise<RunningTopology> {
  const { options, settings, stack, metrics } = parts
  const { log } = options
  const phase: Phase = { current: 'starting' }
  const complaints: (() => string | undefined)[] = []
  const complaint = () => complaints.map((ask) => ask()).find((reason) => reason !== undefined)
  const calls = createCallServer({ serviceKeys: settings.serviceKeys, clock: systemClock, log })
  const files = createFileDoorServer({ serviceKeys: settings.serviceKeys, log })
  const internal = await startInternalServer({
    host: settings.internalHost,
    port: settings.internalPort,
    calls,
    files,
    ready: () => readinessOf(phase, complaint),
    metrics,
    metricsToken: settings.metricsToken,
  })
  stack.defer(() => internal.close())
  const roles = await loadRoles(settings.roles)
  const migrated = await prepareSchemas(parts, roles, complaints)
  const engines = await createEngines(parts, { calls, files }, complaints)
  return runRoles({ options, stack, roles, engines: { ...engines, complaint }, migrated, metrics, phase })
}

/** The schemas of this process's services. Throws plain errors that name the setting of the database in question. */
async function prepareSchemas(
  parts: Parts,
  roles: LoadedRoles,
  complaints: (() => string | undefined)[],
): Promise<number> {
  const { settings } = parts
  let migrated = 0
  for (const { role } of roles) {
    if (role.migrations === undefined) continue
    const { schema } = role.migrations
    try {
      migrated += await prepareSchema(parts, role.migrations, complaints)
    } catch (error) {
      throw plainDatabaseError(error, settings.databases[schema], databaseSettingOf(settings, schema))
    }
  }
  return migrated
}

/** Up to date, held against an embedded Parley, and watched. */
async function prepareSchema(
  parts: Parts,
  migrations: OwnMigrations,
  complaints: (() => string | undefined)[],
): Promise<number> {
  const { options, stack } = parts
  const { log } = options
  const { schema } = migrations
  const database = openDatabase(parts, schema, 2)
  const migrated = await migrate(database, [migrations], log)
  const hold = await holdDatabase({
    database,
    shared: true,
    clock: systemClock,
    log,
    onLost: options.onFatal,
  })
  stack.defer(() => hold.release())
  const watch = watchDatabase(database, systemClock)
  stack.defer(() => watch.close())
  complaints.push(() => (watch.answers ? undefined : `the database of ${schema} does not answer`))
  return migrated
}

function openDatabase({ options, settings, stack }: Parts, schema: SchemaName, maxConnections: number) {
  const database = createDatabase({
    connection: settings.databases[schema],
    maxConnections,
    log: options.log,
  })
  stack.defer(() => database.close())
  return database
}

async function createEngines(
  parts: Parts,
  { calls, files }: { readonly calls: CallServer; readonly files: FileDoorServer },
  complaints: (() => string | undefined)[],
): Promise<Omit<Engines, 'complaint'>> {
  const { options, settings, stack } = parts
  const { log } = options
  const clock = systemClock
  const redis = await createRedis({ url: settings.redisUrl, log, clock })
  stack.defer(() => redis.close())
  const bus = createRedisBus({ redis, log })
  stack.defer(() => bus.close())
  const queue = settings.needsQueue
    ? createRabbitMqWorkQueue({
        url: settings.rabbitmqUrl,
        log,
        onDead: createObserveDead(parts.metrics),
      })
    : noWorkQueue
  stack.defer(() => queue.close())
  const gateways = createGatewayDirectory({
    serviceKey: settings.serviceKeys[0] ?? '',
    clock,
    log,
    onSettled: parts.observeCalls('gateway'),
  })
  stack.defer(() => gateways.close())
  const callers = forEachService((name) => createCaller(parts, name, complaints))
  return {
    bus,
    queue,
    cache: createRedisCache({ redis, clock }),
    rates: settings.rateLimits
      ? createRedisRateLimiter({ redis, clock, fallback: createMemoryRateLimiter(clock) })
      : unlimitedRates,
    sessionsStore: createRedisSessionsStore({ redis }),
    services: forEachService((name) => callers[name].service) as Services,
    provide(name, service) {
      if (name === 'gateway') return calls.provide(gatewayContract, service as GatewayService)
      const contract: Contract = serviceContracts[name as ServiceName]
      calls.provide(contract, service as never)
      const caller = callers[name as ServiceName]
      if ('connect' in caller) caller.connect(service as never)
    },
    database: (schema, maxConnections) => openDatabase(parts, schema, maxConnections),
    selfUrl: ownInternalUrl(settings),
    gatewayAt: gateways.gatewayAt,
    openFileStore: () => openFileStore(settings, log),
    openPushTransport: () => openPushTransport(settings, stack),
    ...createFileDoor(parts, files),
    drain: (withinMs) => calls.drain(withinMs),
  }
}

/** Bytes of files: straight where this process keeps them, otherwise from where it is kept. */
function createFileDoor(
  { settings, stack }: Parts,
  server: FileDoorServer,
): Pick<Engines, 'fileDoor' | 'provideFileDoor'> {
  const local = createLocalFileDoor()
  const provideFileDoor: Engines['provideFileDoor'] = (door) => {
    local.connect(door)
    server.provide(door)
  }
  if (settings.roles.includes('files')) return { fileDoor: local.door, provideFileDoor }
  const remote = createRemoteFileDoor({
    origins: settings.urls.files,
    serviceKey: settings.serviceKeys[0] ?? '',
  })
  stack.defer(() => remote.close())
  return { fileDoor: remote, provideFileDoor }
}

type Caller = LocalCaller<Contract> | RemoteCaller<Contract>

/** A service of this process is called directly, another where the settings say. */
function createCaller(
  { options, settings, stack, observeCalls }: Parts,
  name: ServiceName,
  complaints: (() => string | undefined)[],
): Caller {
  const contract: Contract = serviceContracts[name]
  if (settings.roles.includes(name)) return createLocalCaller(contract, settings.strictCalls)
  const origins = settings.urls[name]
  const caller = createRemoteCaller(contract, {
    origins,
    serviceKey: settings.serviceKeys[0] ?? '',
    clock: systemClock,
    log: options.log,
    onSettled: observeCalls(name),
  })
  stack.defer(() => caller.close())
  // A service that nobody here needs has no address.
  if (origins.length > 0)
    complaints.push(() => (caller.reachable ? undefined : `no process with ${name} is reached`))
  return caller
}
