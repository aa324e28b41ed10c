/** Starts the roles of this process over the engines that its topology gives, and ends them in the other order. */
import { createIds, type Log, systemClock, type Tracer } from '@parley/contracts'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { LiveDoor, Readiness, RoleContext, RoleModule, RunningRole } from '../role.ts'
import type { RoleName } from '../role-names.ts'
import { allowedOrigins } from '../settings/origins.ts'
import type { Settings } from '../settings/table.ts'
import { createSharedVerifier } from './create-shared-verifier.ts'
import { observeProcess } from './observe.ts'
import { openCalls } from './open-calls.ts'
import { openMail } from './open-mailer.ts'
import { openTracer } from './open-tracer.ts'
import { withTraces } from './with-traces.ts'

export interface TopologyOptions {
  readonly settings: Settings
  readonly log: Log
  /** The built web client; null serves none. */
  readonly webDirectory: string | null
  /** What cannot be healed from inside: the process should end, and be started again by whoever watches it. */
  readonly onFatal: (reason: Error) => void
  /** Aborted when the process is to end; a start that still waits for others is given up. */
  readonly stopping: AbortSignal
}

export interface RunningTopology {
  /** For the person who started it. */
  readonly notices: readonly string[]
  /** Migrations applied by this start. */
  readonly migrated: number
  /** Answers 503 to `/readyz`, says goodbye to sockets, waits until they are gone. */
  drain(withinMs: number): Promise<void>
  /** Finishes what is in flight and closes everything, engines last. */
  close(): Promise<void>
}

/** What differs between the topologies. */
export type Engines = Pick<
  RoleContext,
  | 'bus'
  | 'cache'
  | 'queue'
  | 'rates'
  | 'sessionsStore'
  | 'services'
  | 'provide'
  | 'database'
  | 'selfUrl'
  | 'gatewayAt'
  | 'openFileStore'
  | 'openPushTransport'
  | 'fileDoor'
  | 'provideFileDoor'
> & {
  /** Why this process cannot serve at the moment; undefined when it can. */
  readonly complaint: () => string | undefined
  /** Sends the callers from other processes elsewhere. */
  readonly drain: (withinMs: number) => Promise<void>
}

/** Where the process is in its life, as `/readyz` tells it. */
export interface Phase {
  current: 'starting' | 'serving' | 'draining'
}

export type LoadedRoles = readonly { name: RoleName; role: RoleModule }[]

export interface RunOptions {
  readonly options: TopologyOptions
  readonly stack: AsyncDisposableStack
  readonly roles: LoadedRoles
  readonly engines: Engines
  readonly migrated: number
  readonly metrics: Registry
  readonly phase: Phase
}

export function createMetrics(): Registry {
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  // Joins what is scraped with what the machine says of its processes.
  new Gauge({ name: 'parley_process_id', help: 'Process id', registers: [metrics] }).set(process.pid)
  return metrics
}

export function readinessOf(phase: Phase, complaint: () => string | undefined): Readiness {
  if (phase.current !== 'serving') return { ready: false, reason: phase.current }
  const reason = complaint()
  return reason === undefined ? { ready: true } : { ready: false, reason }
}

export async function runRoles(run: RunOptions): Promise<RunningTopology> {
  const { stack, engines, phase } = run
  const notices: string[] = []
  const tracer = await openTracer(run.options, stack)
  const context = createContext(run, tracer, notices)
  observeProcess(run.metrics, engines.bus, context.door.ready)
  const running: RunningRole[] = []
  for (const { name, role } of run.roles) {
    const started = await role.start(context)
    stack.defer(() => started.close())
    running.push(started)
    run.options.log.debug({ role: name }, 'role started')
  }
  for (const role of running) await role.listen?.()
  phase.current = 'serving'

  return {
    notices,
    migrated: run.migrated,
    async drain(withinMs) {
      phase.current = 'draining'
      await Promise.all([engines.drain(withinMs), ...running.map((role) => role.drain?.(withinMs))])
    },
    async close() {
      phase.current = 'draining'
      await stack.disposeAsync()
    },
  }
}

function createContext(
  { options, stack, engines, roles, phase, metrics }: RunOptions,
  tracer: Tracer,
  notices: string[],
): RoleContext {
  const { settings, log, webDirectory } = options
  const clock = systemClock
  let live: LiveDoor | null = null
  return {
    ...engines,
    ...withTraces(engines, settings.roles, tracer),
    log,
    clock,
    newId: createIds(clock.now),
    roles: roles.map(({ name }) => name),
    metrics,
    door: {
      host: settings.host,
      port: settings.port,
      origins: new Set(allowedOrigins(settings)),
      secureCookies: settings.publicUrl?.startsWith('https:') === true,
      trustProxy: settings.trustProxy,
      metricsToken: settings.metricsToken ?? null,
      webDirectory,
      ready: () => readinessOf(phase, engines.complaint),
    },
    fileLimits: {
      fileMaxBytes: settings.fileMaxBytes,
      userMaxBytes: settings.fileUserMaxBytes,
      totalMaxBytes: settings.fileTotalMaxBytes,
    },
    pushContact: pushContactOf(settings),
    jobs: jobSettingsOf(settings),
    mail: openMail(settings),
    calls: openCalls(settings),
    verifier: createSharedVerifier({
      auth: engines.services.auth,
      bus: engines.bus,
      clock,
      log,
      metrics,
      stopping: options.stopping,
      stack,
    }),
    liveDoor: () => live,
    openLiveDoor: (door) => {
      live = door
    },
    tell: (line) => notices.push(line),
  }
}

/** Push services ask for an address of the operator; only those of a public server are of use to them. */
function pushContactOf({ publicUrl }: Settings): string {
  return publicUrl?.startsWith('https:') === true ? publicUrl : 'mailto:postmaster@localhost'
}

function jobSettingsOf(settings: Settings): RoleContext['jobs'] {
  const { archiveAfterDays, archiveSchedule, retentionDays, retentionSchedule } = settings
  return { archiveAfterDays, archiveSchedule, retentionDays, retentionSchedule }
}
