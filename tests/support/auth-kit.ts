/** For tests: an auth service on a database of its own, with a clock that the test moves and hashes that cost nothing. */
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { createMemoryRateLimiter } from '@parley/adapters/embedded/memory-rate-limiter'
import {
  type Bus,
  createIds,
  type RateLimiter,
  type SignIn,
  silentLog,
  type UserRecord,
  type WorkQueue,
} from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { createAuthService, type LocalAuthService } from '@parley/services/auth/create-auth-service'
import { authMigrations } from '@parley/services/auth/migrations'
import { createManualClock, type ManualClock } from './manual-clock.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

export const TEST_ISSUER = 'https://chat.test'
export const RIGHT_PASSWORD = 'correct horse battery'

export interface AuthKit {
  readonly auth: LocalAuthService
  readonly clock: ManualClock
  readonly bus: Bus
  readonly rates: RateLimiter
  readonly store: TestDatabase
  /** Every record that other services were told, in order. */
  readonly announced: UserRecord[]
  /** While set, telling other services fails with it. */
  failAnnouncing(error: Error | undefined): void
  /** Another process over the same database. */
  another(): LocalAuthService
  register(username: string, more?: Partial<Parameters<LocalAuthService['register']>[0]>): Promise<SignIn>
  login(login: string, password?: string, address?: string): Promise<SignIn>
  close(): Promise<void>
}

/** `mail`: how letters are handed on; without it none is sent. */
export async function createAuthKit(mail?: {
  readonly publicUrl: string
  readonly queue: WorkQueue
}): Promise<AuthKit> {
  const store = await createTestDatabase([{ schema: 'auth', migrations: authMigrations }])
  const clock = createManualClock()
  const bus = createInProcessBus()
  const rates = createMemoryRateLimiter(clock)
  const newId = createIds()
  const announced: UserRecord[] = []
  const services: LocalAuthService[] = []
  let failure: Error | undefined

  function create(): LocalAuthService {
    const service = createAuthService({
      database: store.database,
      bus,
      rates,
      clock,
      newId,
      log: silentLog,
      issuer: TEST_ISSUER,
      mail,
      passwordCost: { memoryKib: 8, passes: 1 },
      async announceUsers(users) {
        if (failure !== undefined) throw failure
        announced.push(...users)
      },
    })
    services.push(service)
    return service
  }

  const auth = create()
  const client = { device_name: 'test', address: '192.0.2.1' }
  return {
    auth,
    clock,
    bus,
    rates,
    store,
    announced,
    failAnnouncing(error) {
      failure = error
    },
    another: create,
    register: (username, more = {}) =>
      auth.register({ ...client, username, password: RIGHT_PASSWORD, lifetime: 'short', ...more }),
    login: (login, password = RIGHT_PASSWORD, address = client.address) =>
      auth.login({ ...client, address, login, password, lifetime: 'short' }),
    async close() {
      await Promise.all(services.map((service) => service.close()))
      await store.drop()
    },
  }
}

/** The code of the `ParleyError` that a promise was rejected with; anything else fails the test. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof ParleyError) return error.code
    throw error
  }
  return 'none'
}

/** Ids in the feed from its beginning, with their kinds. */
export async function readFeed(auth: LocalAuthService, after = 0) {
  return (await auth.revocations({ after })).revocations
}
