/**
 * Two gateways over the same services in one process: what crosses from one to the other goes over the bus, and calls
 * to services are encoded, decoded and validated, as between machines. Nothing but processes is missing.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { createInProcessWorkQueue } from '@parley/adapters/embedded/in-process-work-queue'
import { createMemoryCache } from '@parley/adapters/embedded/memory-cache'
import { createDirectoryFileStore } from '@parley/adapters/files/create-directory-file-store'
import { createRemoteFileDoor } from '@parley/adapters/files/create-remote-file-door'
import { createFileDoorServer } from '@parley/adapters/files/serve-file-door'
import { createPushTransport } from '@parley/adapters/push/create-push-transport'
import {
  authContract,
  type Bus,
  callsContract,
  createIds,
  type FileDoor,
  filesContract,
  notificationsContract,
  roomsContract,
  sessionsContract,
  silentLog,
  systemClock,
  unlimitedRates,
} from '@parley/contracts'
import { createHttpGateway } from '@parley/gateways/http/create-http-gateway'
import { createTokenVerifier } from '@parley/gateways/shared/token-verifier'
import { createWsGateway } from '@parley/gateways/ws/create-ws-gateway'
import { createAuthService } from '@parley/services/auth/create-auth-service'
import { authMigrations } from '@parley/services/auth/migrations'
import { createCallsService } from '@parley/services/calls/create-calls-service'
import { createMediaPlacement } from '@parley/services/calls/media/media-placement'
import { callsMigrations } from '@parley/services/calls/migrations'
import { createFilesService, type RunningFilesService } from '@parley/services/files/create-files-service'
import { filesMigrations } from '@parley/services/files/migrations'
import { createNotificationsService } from '@parley/services/notifications/create-notifications-service'
import { notificationsMigrations } from '@parley/services/notifications/migrations'
import { createRoomsService } from '@parley/services/rooms/create-rooms-service'
import { roomsMigrations } from '@parley/services/rooms/migrations'
import { createJobs, type JobServices } from '@parley/services/scheduler/create-jobs'
import { parseSchedule } from '@parley/services/scheduler/schedule'
import { createSessionsService } from '@parley/services/sessions/create-sessions-service'
import { Registry } from 'prom-client'
import { createLocalCaller } from '../../apps/server/src/local-caller.ts'
import { keptFiles } from '../support/kept-files.ts'
import { startPushEndpoint } from '../support/push-endpoint.ts'
import { type RoomJobs, roomJobs } from '../support/room-jobs.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { Administrable, FileKeeping, PushReceiving, Topology } from './topology.ts'

const GATEWAYS = 2

interface Callers {
  readonly auth: ReturnType<typeof createLocalCaller<(typeof authContract)['verbs']>>['service']
  readonly sessions: ReturnType<typeof createLocalCaller<(typeof sessionsContract)['verbs']>>['service']
  readonly rooms: ReturnType<typeof createLocalCaller<(typeof roomsContract)['verbs']>>['service']
  readonly files: ReturnType<typeof createLocalCaller<(typeof filesContract)['verbs']>>['service']
  readonly fileDoor: FileDoor
  readonly notifications: ReturnType<
    typeof createLocalCaller<(typeof notificationsContract)['verbs']>
  >['service']
  readonly calls: ReturnType<typeof createLocalCaller<(typeof callsContract)['verbs']>>['service']
}

/** Services on a database of their own, called as if they were far away. */
async function startServices(
  bus: Bus,
  stack: AsyncDisposableStack,
  pushOrigin: string,
): Promise<{ services: Callers; setupCode: string | undefined; abilities: FileKeeping & RoomJobs }> {
  const { database, connection, drop } = await createTestDatabase([
    { schema: 'auth', migrations: authMigrations },
    roomsMigrations,
    filesMigrations,
    notificationsMigrations,
    callsMigrations,
  ])
  stack.defer(drop)
  const shared = { bus, clock: systemClock, log: silentLog, newId: createIds() }
  const auth = createLocalCaller(authContract, true)
  const sessions = createLocalCaller(sessionsContract, true)
  const rooms = createLocalCaller(roomsContract, true)
  const files = createLocalCaller(filesContract, true)
  const notifications = createLocalCaller(notificationsContract, true)
  const calls = createLocalCaller(callsContract, true)

  const sessionsService = createSessionsService(shared)
  stack.defer(() => sessionsService.close())
  sessionsService.start()
  sessions.connect(sessionsService)

  const transport = createPushTransport({ privateOrigins: [pushOrigin] })
  stack.defer(() => transport.close())
  const queue = createInProcessWorkQueue(silentLog)
  stack.defer(() => queue.close())
  const roomsService = createRoomsService({
    ...shared,
    database,
    queue,
    cache: createMemoryCache(systemClock),
    auth: auth.service,
    files: files.service,
  })
  stack.defer(() => roomsService.close())
  await roomsService.start()
  rooms.connect(roomsService)

  const notificationsService = createNotificationsService({
    ...shared,
    database,
    queue,
    rooms: rooms.service,
    sessions: sessions.service,
    auth: auth.service,
    push: { transport, contact: 'mailto:operator@example.org' },
  })
  stack.defer(() => notificationsService.close())
  await notificationsService.start()
  notifications.connect(notificationsService)

  const callsService = createCallsService({
    ...shared,
    database,
    rooms: rooms.service,
    newSecret: randomUUID,
    placement: createMediaPlacement({ servers: [], clock: systemClock, log: silentLog }),
    iceServers: () => [],
  })
  stack.defer(() => callsService.close())
  callsService.start()
  calls.connect(callsService)

  const authService = createAuthService({
    ...shared,
    database,
    rates: unlimitedRates,
    issuer: 'two-gateways',
    passwordCost: { memoryKib: 8, passes: 1 },
    announceUsers: async (users) => void (await rooms.service.syncUsers({ users })),
  })
  stack.defer(() => authService.close())
  await authService.start()
  auth.connect(authService)

  const directory = await mkdtemp(join(tmpdir(), 'parley-files-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const filesService = createFilesService({
    ...shared,
    database,
    store: await createDirectoryFileStore({ directory, clock: systemClock }),
    limits: { fileMaxBytes: 1e9, userMaxBytes: 1e9, totalMaxBytes: 1e9 },
    auth: auth.service,
    rooms: rooms.service,
  })
  stack.defer(() => filesService.close())
  files.connect(filesService)
  return {
    services: {
      auth: auth.service,
      sessions: sessions.service,
      rooms: rooms.service,
      files: files.service,
      fileDoor: await startFileDoor(filesService, stack),
      notifications: notifications.service,
      calls: calls.service,
    },
    setupCode: await authService.ensureSetupCode(),
    abilities: {
      ...roomJobs(() => connection),
      runJob: (name) => runJob(name, { rooms: rooms.service, notifications: notifications.service }),
      keptFiles: (owner) => keptFiles(directory, connection, owner),
    },
  }
}

/** Without the scheduler's role: its jobs call the services themselves. */
async function runJob(name: string, services: JobServices): Promise<void> {
  const schedule = parseSchedule('@daily')
  const settings = { archiveAfterDays: 365, retentionDays: null }
  const jobs = createJobs({ ...settings, archiveSchedule: schedule, retentionSchedule: schedule }, services)
  const job = jobs.find((one) => one.name === name)
  await job?.run({ now: Date.now(), signal: new AbortController().signal, log: silentLog })
}

/** Bytes of files go over a connection, as between machines. */
async function startFileDoor(service: RunningFilesService, stack: AsyncDisposableStack): Promise<FileDoor> {
  const serviceKey = 'the key of two gateways in one process'
  const server = createFileDoorServer({ serviceKeys: [serviceKey], log: silentLog })
  server.provide(service.door)
  const http = createServer((request, response) => void server.handle(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const door = createRemoteFileDoor({ origins: [`http://127.0.0.1:${port}`], serviceKey })
  stack.defer(() => {
    door.close()
    http.closeAllConnections()
    return new Promise<void>((resolve) => http.close(() => resolve()))
  })
  return door
}

/** One gateway with a verifier and a port of its own; its address. */
async function startGateway(bus: Bus, services: Callers, stack: AsyncDisposableStack): Promise<string> {
  const verifier = createTokenVerifier({ auth: services.auth, bus, clock: systemClock, log: silentLog })
  stack.defer(() => verifier.close())
  await verifier.start()
  const origins = new Set<string>()
  const shared = {
    ...services,
    bus,
    verifier,
    origins,
    rates: unlimitedRates,
    clock: systemClock,
    log: silentLog,
    newId: createIds(),
    metrics: new Registry(),
  }
  const gateway = createWsGateway(shared)
  const app = await createHttpGateway({
    ...shared,
    secureCookies: false,
    webDirectory: null,
    ready: () => true,
    metricsToken: null,
    stream: gateway.stream,
  })
  stack.defer(() => app.close())
  stack.defer(() => gateway.close())
  app.server.on('upgrade', (request, socket, head) => gateway.handleUpgrade(request, socket, head))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  origins.add(`http://localhost:${port}`)
  return `http://127.0.0.1:${port}`
}

export const twoGateways: Topology<Administrable & FileKeeping & PushReceiving & RoomJobs> = {
  name: 'two gateways in one process',
  async start() {
    const stack = new AsyncDisposableStack()
    try {
      const bus = createInProcessBus()
      stack.defer(() => bus.close())
      const pushes = await startPushEndpoint()
      stack.defer(() => pushes.close())
      const { services, setupCode, abilities } = await startServices(bus, stack, pushes.origin)
      const urls: string[] = []
      while (urls.length < GATEWAYS) urls.push(await startGateway(bus, services, stack))
      return {
        urls,
        pushes,
        ...abilities,
        async setupCode() {
          if (setupCode === undefined) throw new Error('this deployment has had its administrator')
          return setupCode
        },
        stop: () => stack.disposeAsync(),
      }
    } catch (error) {
      await stack.disposeAsync()
      throw error
    }
  },
}
