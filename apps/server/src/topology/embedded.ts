/**
 * Everything in one process: the one file that knows it. PostgreSQL is ours (or reached by URL), the bus and the
 * rate limits live in memory, and calls between services are function calls.
 */
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { createMemoryRateLimiter } from '@parley/adapters/embedded/memory-rate-limiter'
import { createDatabase, type DatabaseOptions } from '@parley/adapters/postgres/create-database'
import { migrate } from '@parley/adapters/postgres/migrate'
import {
  authContract,
  type Clock,
  createIds,
  type Log,
  roomsContract,
  sessionsContract,
  systemClock,
  unlimitedRates,
} from '@parley/contracts'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { DataDirectory } from '../data-directory.ts'
import { createLocalCaller } from '../local-caller.ts'
import type { LiveDoor, Readiness, RoleContext, RunningRole } from '../role.ts'
import { loadRoles } from '../roles.ts'
import { allowedOrigins } from '../settings/origins.ts'
import type { Settings } from '../settings/table.ts'
import { createSharedVerifier } from './create-shared-verifier.ts'
import { holdDatabase } from './hold-database.ts'
import { openEmbeddedPostgres } from './open-embedded-postgres.ts'
import { plainDatabaseError } from './plain-database-error.ts'
import { grantServiceRoles, roleOf } from './service-roles.ts'
import { watchDatabase } from './watch-database.ts'

export interface EmbeddedOptions {
  readonly settings: Settings
  readonly data: DataDirectory
  readonly log: Log
  /** The built web client; null serves none. */
  readonly webDirectory: string | null
  /** What cannot be healed from inside: the process should end, and be started again by whoever watches it. */
  readonly onFatal: (reason: Error) => void
}

export interface RunningTopology {
  /** For the person who started it. */
  readonly notices: readonly string[]
  /** Migrations applied by this start. */
  readonly migrated: number
  /** Answers 503 to `/readyz`, says goodbye to sockets, waits until they are gone. */
  drain(withinMs: number): Promise<void>
  /** Finishes what is in flight and closes everything, PostgreSQL last. */
  close(): Promise<void>
}

type Stack = AsyncDisposableStack

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
  const clock = systemClock
  const roles = await loadRoles(settings.roles)
  const connection = await connect(options, clock, stack)
  const operations = openDatabase(stack, { connection, maxConnections: 1, log })
  const sets = roles.flatMap(({ role }) => role.migrations ?? [])
  const migrated = await migrate(operations, sets, log)
  if (typeof connection !== 'string') await grantServiceRoles(operations, sets)

  const state: { phase: 'starting' | 'serving' | 'draining' } = { phase: 'starting' }
  const watch = watchDatabase(operations, clock)
  stack.defer(() => watch.close())
  const ready = (): Readiness => {
    if (state.phase !== 'serving') return { ready: false, reason: state.phase }
    return watch.answers ? { ready: true } : { ready: false, reason: 'the database does not answer' }
  }
  const notices: string[] = []
  const context = createContext({ options, clock, stack, connection, ready, notices })

  const running: RunningRole[] = []
  for (const { name, role } of roles) {
    const started = await role.start(context)
    stack.defer(() => started.close())
    running.push(started)
    log.debug({ role: name }, 'role started')
  }
  for (const role of running) await role.listen?.()
  state.phase = 'serving'

  return {
    notices,
    migrated,
    async drain(withinMs) {
      state.phase = 'draining'
      await Promise.all(running.map((role) => role.drain?.(withinMs)))
    },
    async close() {
      state.phase = 'draining'
      await stack.disposeAsync()
    },
  }
}

/** Where the database is; starts it, or takes the one by URL for this process alone. */
async function connect(
  options: EmbeddedOptions,
  clock: Clock,
  stack: Stack,
): Promise<DatabaseOptions['connection']> {
  const { settings, log, onFatal } = options
  if (settings.databaseUrl === undefined) {
    const postgres = await openEmbeddedPostgres({ data: options.data, log, clock, onGivenUp: onFatal })
    stack.defer(() => postgres.stop())
    return postgres.connection
  }
  const connection = settings.databaseUrl
  const database = openDatabase(stack, { connection, maxConnections: 1, log })
  const hold = await holdDatabase({ database, clock, log, onLost: onFatal })
  stack.defer(() => hold.release())
  return connection
}

function openDatabase(stack: Stack, options: DatabaseOptions) {
  const database = createDatabase(options)
  stack.defer(() => database.close())
  return database
}

function asService(connection: DatabaseOptions['connection'], schema: string): DatabaseOptions['connection'] {
  return typeof connection === 'string' ? connection : { ...connection, user: roleOf(schema) }
}

interface ContextParts {
  readonly options: EmbeddedOptions
  readonly clock: Clock
  readonly stack: Stack
  readonly connection: DatabaseOptions['connection']
  readonly ready: () => Readiness
  readonly notices: string[]
}

function createContext({ options, clock, stack, connection, ready, notices }: ContextParts): RoleContext {
  const { settings, log } = options
  const bus = createInProcessBus()
  stack.defer(() => bus.close())
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  const callers = {
    auth: createLocalCaller(authContract, settings.strictCalls),
    sessions: createLocalCaller(sessionsContract, settings.strictCalls),
    rooms: createLocalCaller(roomsContract, settings.strictCalls),
  }
  const services = {
    auth: callers.auth.service,
    sessions: callers.sessions.service,
    rooms: callers.rooms.service,
  }
  const verifier = createSharedVerifier({ auth: services.auth, bus, clock, log, stack })
  let live: LiveDoor | null = null

  return {
    log,
    clock,
    newId: createIds(clock.now),
    bus,
    rates: settings.rateLimits ? createMemoryRateLimiter(clock) : unlimitedRates,
    metrics,
    services,
    door: {
      host: settings.host,
      port: settings.port,
      origins: new Set(allowedOrigins(settings)),
      secureCookies: settings.publicUrl?.startsWith('https:') === true,
      trustProxy: settings.trustProxy,
      metricsToken: settings.metricsToken ?? null,
      webDirectory: options.webDirectory,
      ready,
    },
    database: (schema, maxConnections) =>
      openDatabase(stack, { connection: asService(connection, schema), maxConnections, log }),
    provide: (name, service) => callers[name].connect(service as never),
    verifier,
    liveDoor: () => live,
    openLiveDoor: (door) => {
      live = door
    },
    tell: (line) => notices.push(line),
  }
}
