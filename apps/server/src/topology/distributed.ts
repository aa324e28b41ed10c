/**
 * One process of many: the one file that knows it. PostgreSQL, Redis and RabbitMQ are the deployment's, and services
 * that this process does not run are called over the network.
 */
import { createMemoryRateLimiter } from '@parley/adapters/embedded/memory-rate-limiter'
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
  authContract,
  type Contract,
  gatewayContract,
  roomsContract,
  sessionsContract,
  systemClock,
  unlimitedRates,
} from '@parley/contracts'
import { createLocalCaller, type LocalCaller } from '../local-caller.ts'
import type { SchemaName, Services } from '../role.ts'
import { loadRoles } from '../roles.ts'
import { ownInternalUrl } from '../settings/origins.ts'
import { type DistributedSettings, demandDistributed } from './demand-distributed.ts'
import { holdDatabase } from './hold-database.ts'
import { startInternalServer } from './internal-server.ts'
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
interface Parts {
  readonly options: TopologyOptions
  readonly settings: DistributedSettings
  readonly stack: Stack
}

/** Resolves when this process serves. What was started is closed again when something throws. */
export async function startDistributed(options: TopologyOptions): Promise<RunningTopology> {
  const settings = demandDistributed(options.settings)
  const stack = new AsyncDisposableStack()
  try {
    return await build({ options, settings, stack })
  } catch (error) {
    await stack.disposeAsync().catch((second: unknown) => {
      options.log.warn({ error: second }, 'not everything could be closed')
    })
    throw plainDatabaseError(error, options.settings.databaseUrl)
  }
}

async function build(parts: Parts): Promise<RunningTopology> {
  const { options, settings, stack } = parts
  const { log } = options
  const phase: Phase = { current: 'starting' }
  const metrics = createMetrics()
  const complaints: (() => string | undefined)[] = []
  const complaint = () => complaints.map((ask) => ask()).find((reason) => reason !== undefined)
  const calls = createCallServer({ serviceKey: settings.serviceKey, clock: systemClock, log })
  const internal = await startInternalServer({
    host: settings.internalHost,
    port: settings.internalPort,
    calls,
    ready: () => readinessOf(phase, complaint),
    metrics,
    metricsToken: settings.metricsToken,
  })
  stack.defer(() => internal.close())
  const roles = await loadRoles(settings.roles)
  const migrated = await prepareSchemas(parts, roles, complaints)
  const engines = await createEngines(parts, calls, complaints)
  return runRoles({ options, stack, roles, engines: { ...engines, complaint }, migrated, metrics, phase })
}

/** The schemas of this process's services: up to date, held against an embedded Parley, and watched. */
async function prepareSchemas(
  { options, settings, stack }: Parts,
  roles: LoadedRoles,
  complaints: (() => string | undefined)[],
): Promise<number> {
  const { log } = options
  let migrated = 0
  for (const { role } of roles) {
    if (role.migrations === undefined) continue
    const { schema } = role.migrations
    const database = openDatabase({ options, settings, stack }, schema, 2)
    migrated += await migrate(database, [role.migrations], log)
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
  }
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
  calls: CallServer,
  complaints: (() => string | undefined)[],
): Promise<Omit<Engines, 'complaint'>> {
  const { options, settings, stack } = parts
  const { log } = options
  const clock = systemClock
  const redis = await createRedis({ url: settings.redisUrl, log, clock })
  stack.defer(() => redis.close())
  const bus = createRedisBus({ redis, log })
  stack.defer(() => bus.close())
  const queue = createRabbitMqWorkQueue({ url: settings.rabbitmqUrl, log })
  stack.defer(() => queue.close())
  const callers = createCallers(parts, complaints)
  return {
    bus,
    queue,
    cache: createRedisCache({ redis, clock }),
    rates: settings.rateLimits
      ? createRedisRateLimiter({ redis, clock, fallback: createMemoryRateLimiter(clock) })
      : unlimitedRates,
    sessionsStore: createRedisSessionsStore({ redis }),
    services: {
      auth: callers.auth.service,
      sessions: callers.sessions.service,
      rooms: callers.rooms.service,
    },
    provide(name, service) {
      calls.provide(contracts[name], service as never)
      const caller: Partial<LocalCaller<never>> | undefined =
        name === 'gateway' ? undefined : callers[name as keyof Services]
      caller?.connect?.(service as never)
    },
    database: (schema, maxConnections) => openDatabase(parts, schema, maxConnections),
    selfUrl: ownInternalUrl(settings),
    gatewayAt: createGatewayDirectory(parts),
    drain: (withinMs) => calls.drain(withinMs),
  }
}

const contracts = {
  auth: authContract,
  sessions: sessionsContract,
  rooms: roomsContract,
  gateway: gatewayContract,
} as const

type Caller<C extends Contract> = LocalCaller<C> | RemoteCaller<C>
type Callers = { readonly [Name in keyof Services]: Caller<(typeof contracts)[Name]> }

/** Services of this process are called directly, all others where the settings say. */
function createCallers(
  { options, settings, stack }: Parts,
  complaints: (() => string | undefined)[],
): Callers {
  const create = <C extends Contract>(name: keyof Services, contract: C): Caller<C> => {
    if (settings.roles.includes(name))
      return createLocalCaller(contract, settings.strictCalls) as LocalCaller<C>
    const origins = settings.urls[name]
    const { serviceKey } = settings
    const caller = createRemoteCaller(contract, { origins, serviceKey, clock: systemClock, log: options.log })
    stack.defer(() => caller.close())
    // A service that nobody here needs has no address.
    if (origins.length > 0)
      complaints.push(() => (caller.reachable ? undefined : `no process with ${name} is reached`))
    return caller as RemoteCaller<C>
  }
  return {
    auth: create('auth', authContract),
    sessions: create('sessions', sessionsContract),
    rooms: create('rooms', roomsContract),
  }
}

/** Gateways of other processes, found by what the sessions service says of them. */
const GATEWAYS_MAX = 1_000

function createGatewayDirectory({ options, settings, stack }: Parts): Engines['gatewayAt'] {
  const known = new Map<string, RemoteCaller<typeof gatewayContract>>()
  stack.defer(() => {
    for (const caller of known.values()) caller.close()
  })
  return (url) => {
    const found = known.get(url)
    if (found !== undefined) return found.service
    const [oldest] = known
    if (known.size >= GATEWAYS_MAX && oldest !== undefined) {
      oldest[1].close()
      known.delete(oldest[0])
    }
    const caller = createRemoteCaller(gatewayContract, {
      origins: [url],
      serviceKey: settings.serviceKey,
      clock: systemClock,
      log: options.log,
    })
    known.set(url, caller)
    return caller.service
  }
}
