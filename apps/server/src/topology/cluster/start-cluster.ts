/**
 * A whole distributed deployment on one machine: private PostgreSQL, Redis, RabbitMQ and nginx, and a process for each
 * role and replica. For trying it out, for development and for the tests; nothing of it is shared with the system.
 */
import { randomBytes } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { distinctPorts } from '@parley/adapters/engines/free-port'
import { startNginx } from '@parley/adapters/engines/start-nginx'
import { startRabbitMq } from '@parley/adapters/engines/start-rabbitmq'
import { startRedis } from '@parley/adapters/engines/start-redis'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { migrate } from '@parley/adapters/postgres/migrate'
import { type Log, systemClock } from '@parley/contracts'
import type { DataDirectory } from '../../data-directory.ts'
import { allRoles } from '../../role-names.ts'
import { loadRoles } from '../../roles.ts'
import type { Settings } from '../../settings/table.ts'
import { openEmbeddedPostgres } from '../open-embedded-postgres.ts'
import { grantServiceRoles } from '../service-roles.ts'
import type { SupervisedPostgres } from '../supervise-postgres.ts'
import { keepRunning } from './keep-running.ts'
import {
  databaseUrl,
  doorsOf,
  type EngineAddresses,
  environmentOf,
  type PlannedProcess,
  planProcesses,
} from './plan.ts'
import { type RoleProcess, startRoleProcess } from './role-process.ts'

export interface ClusterOptions {
  readonly settings: Settings
  readonly data: DataDirectory
  readonly log: Log
  /** A line for the person who started it. */
  readonly say: (line: string) => void
  /** A line of a process's log. */
  readonly warn: (line: string) => void
  /** Something of the table changed. */
  readonly onChange: () => void
  readonly onFatal: (reason: Error) => void
}

/** A line of the table of processes. */
export interface ClusterProcess {
  readonly name: string
  readonly pid: number | undefined
  readonly state: string
  /** Where it listens. */
  readonly at: string
  readonly startedAt: number
  readonly restarts: number
}

export interface Cluster {
  processes(): ClusterProcess[]
  /** Gateways first, engines last. */
  stop(): Promise<void>
}

/** Each service keeps a pool; two rooms processes and the rest stay below. */
const POSTGRES_CONNECTIONS = '200'
/** Settings of this deployment for the operator's commands. */
export const OPERATOR_FILE = 'operator.env'

/** Resolves when everything serves. What was started is stopped again when something throws. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const stack = new AsyncDisposableStack()
  try {
    return await build(options, stack)
  } catch (error) {
    await stack.disposeAsync().catch(() => undefined)
    throw error
  }
}

async function build(options: ClusterOptions, stack: AsyncDisposableStack): Promise<Cluster> {
  const { settings, data, say } = options
  const tell = (name: string) => (what: string | undefined) => {
    if (what !== undefined) say(`${name} ${what}`)
    options.onChange()
  }
  const rows: (() => ClusterProcess)[] = []
  say('Starting PostgreSQL, Redis and RabbitMQ …')
  const nextPort = distinctPorts()
  const { addresses, prepared } = await startEngines(options, stack, rows, tell, nextPort)
  await prepared
  const plan = await planProcesses(nextPort)
  const serviceKey = await keepServiceKey(join(data.path, 'service-key'))
  await writeOperatorFile(join(data.path, OPERATOR_FILE), addresses, serviceKey)
  say(`Starting ${plan.length} processes of Parley …`)
  const processes = plan.map((one) =>
    startPlanned(one, plan, { options, engines: addresses, serviceKey, tell, rows }),
  )
  stack.defer(() => stopInOrder(processes))
  await Promise.all(
    processes.map(({ role, process }) =>
      process.ready().catch((error: Error) => {
        throw new Error(`A process of the role ${role} did not start: ${error.message}`)
      }),
    ),
  )
  const nginx = await keepRunning(
    () =>
      startNginx({
        directory: join(data.path, 'nginx'),
        host: settings.host,
        port: settings.port,
        http: doorsOf(plan, 'http'),
        ws: doorsOf(plan, 'ws'),
        log: options.log,
      }),
    tell('nginx'),
  )
  stack.defer(() => nginx.stop())
  rows.unshift(() => engineRow('nginx', nginx.current.pid, `${settings.host}:${settings.port}`, nginx))
  return { processes: () => rows.map((row) => row()), stop: () => stack.disposeAsync() }
}

type Tell = (name: string) => (what: string | undefined) => void

async function startEngines(
  options: ClusterOptions,
  stack: AsyncDisposableStack,
  rows: (() => ClusterProcess)[],
  tell: Tell,
  nextPort: () => Promise<number>,
): Promise<{ addresses: EngineAddresses; prepared: Promise<void> }> {
  const { data, log } = options
  const [redisPort, rabbitmqPort] = [await nextPort(), await nextPort()]
  const starting = [
    openEmbeddedPostgres({
      data,
      log,
      clock: systemClock,
      settings: { max_connections: POSTGRES_CONNECTIONS },
      onGivenUp: options.onFatal,
    }),
    keepRunning(
      () => startRedis({ directory: join(data.path, 'redis'), port: redisPort, log }),
      tell('Redis'),
    ),
    keepRunning(
      () => startRabbitMq({ directory: join(data.path, 'rabbitmq'), port: rabbitmqPort, log }),
      tell('RabbitMQ'),
    ),
  ] as const
  for (const engine of starting) stack.defer(async () => (await engine.catch(() => undefined))?.stop())
  const [postgres, redis, rabbitmq] = await Promise.all(starting)
  const { connection } = postgres
  rows.push(
    () => engineRow('PostgreSQL', postgres.pid(), 'a socket', undefined),
    () => engineRow('Redis', redis.current.pid, `127.0.0.1:${redisPort}`, redis),
    () => engineRow('RabbitMQ', rabbitmq.current.pid, `127.0.0.1:${rabbitmqPort}`, rabbitmq),
  )
  return {
    addresses: { postgres: connection, redisUrl: redis.current.url, rabbitmqUrl: rabbitmq.current.url },
    prepared: prepareDatabase(postgres, log),
  }
}

/** As `parley migrate` does it for an operator: the services' own roles may not. */
async function prepareDatabase({ connection }: SupervisedPostgres, log: Log): Promise<void> {
  const database = createDatabase({ connection, maxConnections: 1, log })
  try {
    const roles = await loadRoles(allRoles)
    const sets = roles.flatMap(({ role }) => role.migrations ?? [])
    await migrate(database, sets, log)
    await grantServiceRoles(database, sets)
  } finally {
    await database.close()
  }
}

interface PlannedParts {
  readonly options: ClusterOptions
  readonly engines: EngineAddresses
  readonly serviceKey: string
  readonly tell: Tell
  readonly rows: (() => ClusterProcess)[]
}

function startPlanned(one: PlannedProcess, plan: readonly PlannedProcess[], parts: PlannedParts) {
  const { role, doorPort, internalPort } = one
  const process = startRoleProcess({
    environment: environmentOf(one, plan, { ...parts, settings: parts.options.settings }),
    internalPort,
    say: parts.options.say,
    warn: parts.options.warn,
    onChange: parts.tell(role),
  })
  parts.rows.push(() => ({
    name: `parley ${role}`,
    pid: process.pid,
    state: process.state,
    at: `127.0.0.1:${doorPort ?? internalPort}`,
    startedAt: process.startedAt,
    restarts: process.restarts,
  }))
  return { role, process }
}

/** Who talks to people first, whom they call last. */
async function stopInOrder(processes: readonly { role: string; process: RoleProcess }[]): Promise<void> {
  const gateways = processes.filter(({ role }) => role === 'ws' || role === 'http')
  const services = processes.filter((one) => !gateways.includes(one))
  await Promise.all(gateways.map(({ process }) => process.stop()))
  await Promise.all(services.map(({ process }) => process.stop()))
}

function engineRow(
  name: string,
  pid: number,
  at: string,
  kept: { readonly startedAt: number; readonly restarts: number } | undefined,
): ClusterProcess {
  return { name, pid, state: 'ready', at, startedAt: kept?.startedAt ?? 0, restarts: kept?.restarts ?? 0 }
}

/** For commands such as `parley queue list`, as the user who owns the database; for its owner only. */
async function writeOperatorFile(path: string, engines: EngineAddresses, serviceKey: string): Promise<void> {
  const settings = {
    PARLEY_DATABASE_URL: databaseUrl(engines, engines.postgres.user),
    PARLEY_REDIS_URL: engines.redisUrl,
    PARLEY_RABBITMQ_URL: engines.rabbitmqUrl,
    PARLEY_SERVICE_KEY: serviceKey,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'`)
  await rm(path, { force: true })
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 })
}

/** Made at the first start, for its owner only. */
async function keepServiceKey(path: string): Promise<string> {
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found !== undefined) return found.trim()
  const key = randomBytes(32).toString('hex')
  await writeFile(path, `${key}\n`, { mode: 0o600, flag: 'wx' })
  return key
}
